"""The files of the sandbox import their neighbours by bare name."""

import sys
from pathlib import Path

INSIDE = Path(__file__).parents[4] / "src" / "flowleague" / "entrant" / "sandbox" / "inside"
sys.path[:0] = [str(INSIDE)]
