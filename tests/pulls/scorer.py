"""In the place of `flowleague score`: figures that follow from the entry's bytes; "# fail" in its first line fails.

python scorer.py ENTRY --out CARD --name=TEAM --dataset NAME ... [--weights FOLDER]
"""

import hashlib
import os
import sys
from pathlib import Path

from tests.contest.cards import make_card

from flowleague.scorecard.card import write_scorecard

entry, out = Path(sys.argv[1]), Path(sys.argv[sys.argv.index("--out") + 1])
assert "GITHUB_TOKEN" not in os.environ
raw = entry.read_bytes()
if raw.startswith(b"# fail"):
    sys.exit("flowleague: " + raw.decode().splitlines()[1])
name = next(word for word in sys.argv if word.startswith("--name=")).removeprefix("--name=")
weights = {}
if "--weights" in sys.argv:
    folder = Path(sys.argv[sys.argv.index("--weights") + 1])
    weights = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
write_scorecard(make_card(hashlib.sha256(raw).hexdigest(), weights, name=name), out)
out.with_suffix(".said.txt").write_text("what the entry printed")
