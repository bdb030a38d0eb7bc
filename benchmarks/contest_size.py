"""How long a large contest takes to open and rank, and how much memory.

    python -m benchmarks.contest_size [TEAMS] [ENTRIES]

Writes a contest of so many teams with so many measured entries each (cards of the tests), then times, in a fresh
process: opening it (the whole chain checked), gathering the entries that count, and ranking with intervals. Seconds are
those of the clock, and in brackets those of the processor, which a busy machine does not lengthen.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.contest.cards import make_card

from flowleague.contest import chain
from flowleague.contest.chain import Record, encode, sealed
from flowleague.contest.folder import new_contest
from flowleague.contest.scores import Evaluator
from flowleague.scorecard.card import to_json

READ = """
import resource, sys, time
from pathlib import Path
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import standing_of
from flowleague.contest.standing import board_of
folder = Path(sys.argv[1])
def timed(what, function):
    start, begun = time.perf_counter(), time.process_time()
    result = function()
    print(f"{what} {time.perf_counter() - start:.2f} s ({time.process_time() - begun:.2f})", end=", ")
    return result
contest = timed("open", lambda: open_contest(folder))
standing = timed("gather", lambda: standing_of(contest))
timed("gather and rank with intervals and awards", lambda: board_of(contest))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"peak {peak:.0f} MB, ranked {len(standing.entries)}, torch {'torch' in sys.modules}")
"""


def write_contest(folder: Path, teams: int, entries: int) -> None:
    """A contest's folder written at once, without the locks and waits of one entry after the other."""
    new_contest(folder, opens=datetime.now() - timedelta(days=2))
    written: list[Record] = []

    def append(kind: str, body: dict, files: dict[str, bytes]) -> None:
        hashes = {path: hashlib.sha256(raw).hexdigest() for path, raw in files.items()}
        previous = written[-1].hash if written else chain.START
        number, now = len(written) + 1, datetime.now(UTC)
        written.append(sealed(Record(number=number, time=now, kind=kind, body=body, files=hashes, previous=previous)))
        for path, raw in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(raw)

    nothing = dict.fromkeys(("hours", "gpu", "memory_gib", "datasets", "from_scratch")) | {"declared": False}
    for t in range(teams):
        append("claim", {"team": f"team {t}", "salt": "00", "key": "00"}, {})
        for e in range(entries):
            id_ = hashlib.sha256(f"{t} {e}".encode()).hexdigest()[:10]
            place = f"entries/team-{t}/{id_}"
            body = {"id": id_, "team": f"team {t}", "folder": place, "file": "entry.py", "weights": {}, "late": False}
            body |= {"submitted": datetime.now(UTC).isoformat(), "compute": nothing}
            append("submit", body, {f"{place}/entry.py": id_.encode()})
            card = make_card(id_)
            body = {"id": id_, "round": 1, "source": "here", "by": asdict(Evaluator.of(card))}
            body["findings"] = []
            body["metrics"] = {name: (m.value, m.standard_error) for name, m in card.metrics().items()}
            append("score", body, {f"{place}/scorecard-1.json": to_json(card)})
    (folder / chain.LOG_FILE).write_bytes(b"".join(encode(record) + b"\n" for record in written))
    (folder / chain.HEAD_FILE).write_text(chain.head_text(len(written), written[-1].hash))


def main() -> None:
    teams, entries = (int(word) for word in [*sys.argv[1:], *["1000", "10"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        folder, start = Path(name) / "contest", time.perf_counter()
        write_contest(folder, teams, entries)
        print(f"{teams} teams with {entries} entries, written in {time.perf_counter() - start:.0f} s", flush=True)
        for _ in range(3):
            subprocess.run([sys.executable, "-c", READ, str(folder)], check=True, env=os.environ)
        for command in ("rank", "verify"):
            begun = time.perf_counter()
            words = [sys.executable, "-m", "flowleague", "contest", command, "--contest", str(folder)]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            print(f"flowleague contest {command}: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
