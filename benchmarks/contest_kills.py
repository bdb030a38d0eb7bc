"""Kill the contest's commands at random moments, and look for what was lost or counted twice.

    python benchmarks/contest_kills.py [KILLS] [SEED]

Each turn starts one of submit, evaluate and rescore in a process of its own, waits until it is at work, and kills it
(SIGKILL) after a random time; beside two of three there is a second evaluator, and a process that takes in a scorecard
for every entry, and both are killed as well. Then the records are verified, every entry that the killed process had
acknowledged is looked for, and at the end everything is finished and counted. The scorer is the tests' own, which takes
no torch.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from flowleague.contest.chain import STAGING, read_lines, read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import new_contest, open_contest
from flowleague.contest.verify import verify

ROOT = Path(__file__).parents[1]
SCORER = (sys.executable, "-P", str(ROOT / "tests/contest/scorer.py"))
SUBMIT = """
import sys
from pathlib import Path
from flowleague.contest.submit import Parcel, submit
folder, sent, first = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
for i in range(first, first + 20):
    path, weights = sent / f"{i}.py", sent / f"{i}.safetensors"
    path.write_text(f"# fine {i}")
    weights.write_bytes(i.to_bytes(4) * 500_000)
    print(submit(folder, Parcel(f"team {i}", path, [weights])).id, flush=True)
"""
EVALUATE = """
import sys
from pathlib import Path
from flowleague.contest.evaluate import evaluate
folder, scorer = Path(sys.argv[1]), sys.argv[2:]
print("ready", flush=True)
evaluate(folder, jobs=2, scorer=scorer)
"""
RESCORE = EVALUATE.replace("evaluate(folder", "begin_round(folder, 'again'); evaluate(folder").replace(
    "import evaluate", "import evaluate\nfrom flowleague.contest.rescore import begin_round"
)
TAKE = """
import sys
from pathlib import Path
from tests.contest.cards import make_card
from flowleague.contest.folder import open_contest
from flowleague.contest.scores import ForeignCardError, take_card
from flowleague.scorecard.card import write_scorecard
folder, card = Path(sys.argv[1]), Path(sys.argv[1] + ".card.json")
print("ready", flush=True)
while True:
    state = open_contest(folder).state
    for entry in [entry for entry in state.live() if entry.id not in state.measured[-1]]:
        write_scorecard(make_card(entry.id, entry.weights), card)
        try:
            take_card(folder, card)
        except ForeignCardError:
            pass
"""
SECONDS = {"submit": 1.2, "evaluate": 1.0, "rescore": 1.0}  # a kill falls within so long after the start of the work


def kill_one(kind: str, words: list[str], rng: random.Random) -> tuple[list[str], bool]:
    """Run a command, kill it at a random moment; the lines that it had printed, and whether it was still at work."""
    code = {"submit": SUBMIT, "evaluate": EVALUATE, "rescore": RESCORE}[kind]
    process = started(code, words)
    beside = [started(EVALUATE, [words[0], *SCORER]), started(TAKE, words)] if rng.random() < 2 / 3 else []
    time.sleep(rng.uniform(0, SECONDS[kind]))
    at_work = process.poll() is None
    printed, *_ = [killed(one) for one in (process, *beside)]
    return printed, at_work


def started(code: str, words: list[str]) -> subprocess.Popen[str]:
    """A process that is at work."""
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def killed(process: subprocess.Popen[str]) -> list[str]:
    """Kill a process; returns what it had printed since it was at work."""
    assert process.stdout is not None
    process.send_signal(signal.SIGKILL)
    printed = process.stdout.read().split()
    process.wait()
    return printed


def main() -> None:
    kills, seed = (int(word) for word in [*sys.argv[1:], *["100", "0"][len(sys.argv) - 1 :]])
    rng = random.Random(seed)
    os.environ |= {"SCORER_SECONDS": "0.05", "PYTHONPATH": str(ROOT)}
    seen, acknowledged = Counter(), []
    with tempfile.TemporaryDirectory() as name:
        folder, sent = Path(name) / "contest", Path(name) / "sent"
        sent.mkdir()
        new_contest(folder, opens=datetime.now() - timedelta(days=2))
        for turn in range(kills):
            kind = rng.choice(["submit", "evaluate", "rescore"])
            words = [str(folder), str(sent), str(20 * turn)] if kind == "submit" else [str(folder), *SCORER]
            printed, at_work = kill_one(kind, words, rng)
            seen["hit at work"] += at_work
            acknowledged += printed if kind == "submit" else []
            seen[kind] += 1
            seen["line cut short"] += bool(read_lines(folder)[1])
            seen["files in staging"] += bool(list((folder / STAGING).glob("*")))
            report, state = verify(folder), open_contest(folder).state
            seen["move unfinished"] += any("on its way" in note for note in report.notes)
            seen["faults"] += len(report.faults)
            seen["acknowledged and lost"] += sum(id_ not in state.submissions for id_ in acknowledged)
        evaluate(folder, jobs=2, scorer=SCORER)
        records, state, report = read_records(folder), open_contest(folder).state, verify(folder)
        submits = Counter(r.files[f"{r.body['folder']}/{r.body['file']}"] for r in records if r.kind == "submit")
        figures = [r.body for r in records if r.kind in ("score", "failure")]
        measured = Counter((b["id"], b["round"]) for b in figures if b.get("source") != "elsewhere")
        taken = Counter((b["id"], b["round"]) for b in figures if b.get("source") == "elsewhere")
        print(f"{kills} kills, seed {seed}: {dict(seen)}")
        print(f"{len(state.submissions)} entries, of which {len(acknowledged)} had been acknowledged")
        print(f"rounds {state.round}, measurements {len(measured)}, torn {sum(r.kind == 'torn' for r in records)}")
        print(f"entries counted twice: {sum(n > 1 for n in submits.values())}")
        print(f"measurements counted twice: {sum(n > 1 for n in measured.values())}")
        print(f"cards taken in: {len(taken)}, twice: {sum(n > 1 for n in taken.values())}")
        print(f"measurements that failed: {sum(r.kind == 'failure' for r in records)}")
        print(f"entries not measured in the last round: {len(state.submissions) - len(state.measured[-1])}")
        print(f"verify: {len(report.faults)} faults, {report.records} records, {report.files} files")


if __name__ == "__main__":
    main()
