"""In the place of `flowleague score` in tests: what it does is what the entry's first line says.

python scorer.py ENTRY --out CARD --name=TEAM --dataset NAME ...
"""

import hashlib
import os
import signal
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.contest.cards import make_card, without

from flowleague.scorecard.card import Finding, write_scorecard
from flowleague.scorecard.pictures import Specimens

ODD = Finding(name="odd", category="quality", sentence="It is odd.", hint="Be even.")
ALLOWED = [int(word) for word in sys.argv[sys.argv.index("--latent-size") + 1 :][:2]]
RUN = Finding(
    name="not_captured", category="efficiency", sentence="It was not captured, so its code was run.", hint="Mend it."
)
CHANGES = {
    "run": {"findings": (RUN,)},
    "fashion": {"dataset": "fashion-mnist"},
    "wide": {"latent_size": 64},
    "allowed": {"latent_size": ALLOWED[1]},
    "finding": {"findings": (ODD,)},
}


def changes_for(word: str) -> dict[str, Any]:
    """How the card of an entry differs from a plain one."""
    evaluator = os.environ.get("SCORER_EVALUATOR")
    return CHANGES.get(word, {}) | ({"evaluator": evaluator} if evaluator else {})


def draw(folder: Path, word: str) -> None:
    """Pictures of an entry, or what is none."""
    specimens = Specimens()
    specimens.draw_samples(np.zeros((64, 1, 28, 28), np.float32), np.ones((16, 1, 28, 28), np.float32))
    specimens.write(folder)
    if "forged" in word:
        (folder / "nearest.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")


def main() -> None:
    entry, out = Path(sys.argv[1]), Path(sys.argv[sys.argv.index("--out") + 1])
    raw = entry.read_bytes()
    word = "" if zipfile.is_zipfile(entry) else raw.decode().split("\n", 1)[0].removeprefix("# ")
    if folder := os.environ.get("SCORER_COUNTS"):  # a line for every measurement
        with open(folder, "a") as file:
            file.write(f"{hashlib.sha256(raw).hexdigest()}\n")
    Path(sys.argv[sys.argv.index("--progress-to") + 1]).write_text("0.250 samples")
    time.sleep(float(os.environ.get("SCORER_SECONDS", "0")))
    match word:
        case "refuse":
            sys.exit(f"flowleague: {entry.resolve()} has no SubmissionInterface; write one.")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "killed inside":  # a shell tells so of the one that it waits for
            sys.exit(137)
        case "crash":
            raise RuntimeError("\x1b[31mboom")
        case "hang":
            time.sleep(1000)
        case "nothing":
            return
        case "garbage":
            out.write_text('{"evaluator": "' + "x" * 100)
            return
    seed = hashlib.sha256(raw).hexdigest() + os.environ.get("SCORER_SEED", "")
    dataset = sys.argv[sys.argv.index("--dataset") + 1]
    if word.startswith("pictures"):
        draw(Path(sys.argv[sys.argv.index("--pictures") + 1]), word)
    changes: dict[str, Any] = {"dataset": dataset}
    card = make_card(seed, **(changes | changes_for(word)))
    lacking = os.environ.get("SCORER_LACKS")  # a metric that this scorer does not know
    write_scorecard(without(card, lacking) if lacking else card, out)


main()
