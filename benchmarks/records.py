"""What the records of a contest cost as they grow: processor seconds and memory, one command a process.

    python -m benchmarks.records [ENTRIES ...] [--tree CHECKOUT]

Writes a contest of so many entries (cards of the tests; five of each team; as many tensors as `base` has) and times,
one fresh process each, `open` and `submit` three times (median):

open      open the contest
append    append one record, in a process that has opened it
submit    send an entry in, in a process that has done nothing before; and the second of the same process
step      what the evaluator's own process does for an entry, of four; the scorer copies a card
wait      what it does in a second of waiting for scorers
rank, board, verify      places with intervals and awards; all pages; the check of everything

Seconds are those of the processor, the memory is the peak of that process. With --tree the code of another checkout is
measured, on a contest that it has written itself.
"""

import argparse
import hashlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENTRIES, EACH, TENSORS = (1_000, 5_000, 20_000), 5, 28
WHAT = ("open", "append", "submit", "step", "wait", "rank", "board", "verify")
TURNS, WAITED = 3, 6.0
NOTHING = dict.fromkeys(("hours", "gpu", "memory_gib", "datasets", "from_scratch")) | {"declared": False}


def write_contest(folder: Path, entries: int) -> None:
    """A contest's folder written at once, without the locks and waits of one entry after the other."""
    from tests.contest.cards import make_card

    from flowleague.contest import chain
    from flowleague.contest.chain import Record, encode, sealed
    from flowleague.contest.evaluator import Evaluator
    from flowleague.contest.folder import new_contest
    from flowleague.scorecard.card import to_json

    new_contest(folder, opens=datetime.now() - timedelta(days=2))
    number, previous = 0, chain.START
    with (folder / chain.LOG_FILE).open("wb") as log:

        def append(kind: str, body: dict, files: dict[str, bytes]) -> None:
            nonlocal number, previous
            hashes = {path: hashlib.sha256(raw).hexdigest() for path, raw in files.items()}
            number, now = number + 1, datetime.now(UTC)
            record = sealed(Record(number=number, time=now, kind=kind, body=body, files=hashes, previous=previous))
            log.write(encode(record) + b"\n")
            previous = record.hash
            for path, raw in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(raw)

        for e in range(entries):
            team, id_ = f"team {e // EACH}", hashlib.sha256(str(e).encode()).hexdigest()[:10]
            if e % EACH == 0:
                append("claim", {"team": team, "salt": "00", "key": "00"}, {})
            place = f"entries/team-{e // EACH}/{id_}"
            tensors = [hashlib.sha256(f"{e} {t}".encode()).hexdigest() for t in range(TENSORS)]
            body = {"id": id_, "team": team, "folder": place, "file": "entry.py", "weights": {}, "late": False}
            body |= {"submitted": datetime.now(UTC).isoformat(), "compute": NOTHING}
            body |= {"tensors": dict.fromkeys(tensors, 1000), "sketches": {name: name[:16] for name in tensors}}
            append("submit", body, {f"{place}/entry.py": id_.encode()})
            card = make_card(id_)
            body = {"id": id_, "round": 1, "source": "here", "by": asdict(Evaluator.of(card)), "findings": []}
            body["metrics"] = {name: (m.value, m.standard_error) for name, m in card.metrics().items()}
            append("score", body, {f"{place}/scorecard-1.json": to_json(card)})
    (folder / chain.HEAD_FILE).write_text(chain.head_text(number, previous))


def spent(action: Callable[[], object]) -> float:
    """Seconds of this process's processor time, children not counted."""
    start = time.process_time()
    action()
    return time.process_time() - start


def measure(what: str, folder: Path) -> list[float]:
    """The seconds of one kind of work, of which some need others done before."""
    from flowleague.contest.folder import open_contest

    if what in ("append", "step", "wait"):
        open_contest(folder)
    match what:
        case "open":
            return [spent(lambda: open_contest(folder))]
        case "append":
            return [statistics.median(spent(lambda: append(folder)) for _ in range(10))]
        case "submit":
            return [spent(lambda: send(folder)), spent(lambda: send(folder))]
        case "step":
            return [evaluated(folder, 4, 0) / 4]
        case "wait":
            return [(evaluated(folder, 1, WAITED) - evaluated(folder, 1, 0)) / WAITED]
        case "rank":
            from flowleague.contest.standing import board_of

            return [spent(lambda: board_of(open_contest(folder)))]
        case "board":
            from flowleague.board.build import build

            with tempfile.TemporaryDirectory() as name:
                return [spent(lambda: build(folder, Path(name) / "pages"))]
    from flowleague.contest.verify import verify

    return [spent(lambda: verify(folder))]


def append(folder: Path) -> None:
    """One record more."""
    from flowleague.contest.records import writing

    with writing(folder) as writer:
        writer.append("note", {"of": "benchmark"})


def send(folder: Path) -> None:
    """One entry more, of a new team."""
    from flowleague.contest.submit import Parcel, submit

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "model.py"
        path.write_text(f"# fine\n{time.time_ns()}")
        submit(folder, Parcel(f"new {time.time_ns()}", path))


def evaluated(folder: Path, entries: int, seconds: float) -> float:
    """What this process spends to have new entries measured by a scorer that takes so many seconds."""
    from flowleague.contest.evaluate import evaluate

    for _ in range(entries):
        send(folder)
    card = next((folder / "entries").glob("*/*/scorecard-1.json")).absolute()
    copy = 'while [ "$1" != --out ]; do shift; done; sleep "$0"; cp "$CARD" "$2"'
    os.environ["CARD"] = str(card)
    return spent(lambda: evaluate(folder, jobs=1, scorer=("sh", "-c", copy, str(seconds))))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("entries", type=int, nargs="*", default=ENTRIES)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--only", nargs="*", default=WHAT)
    asked = parser.parse_args()
    tree = asked.tree.absolute()
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"}
    for entries in asked.entries:
        with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as cache:
            environment["XDG_CACHE_HOME"] = cache
            folder = str(Path(name) / "contest")
            subprocess.run([sys.executable, __file__, "write", folder, str(entries)], env=environment, check=True)
            size = (Path(folder) / "records.jsonl").stat().st_size / 1e6
            print(f"{entries:,} entries, records of {size:.0f} MB", flush=True)
            for what in asked.only:
                turns = []
                for _ in range(TURNS if what in ("open", "submit") else 1):
                    words = [sys.executable, __file__, what, folder]
                    done = subprocess.run(words, env=environment, capture_output=True, text=True)
                    if done.returncode:
                        turns.append([float("nan"), 0.0])
                        print(done.stderr.strip().splitlines()[-1])
                        break
                    turns.append([float(word) for word in done.stdout.split()[-3:]])
                *seconds, peak = [statistics.median(column) for column in zip(*turns, strict=True)]
                print(f"  {what:7} {' then '.join(f'{s:.4f}' for s in seconds)} s, {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_contest(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] and sys.argv[1] in WHAT:
        found = measure(sys.argv[1], Path(sys.argv[2]))
        print(*found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
