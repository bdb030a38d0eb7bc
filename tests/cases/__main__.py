"""python -m tests.cases [FOLDER]: the table of case, expectation, outcome and verdict; non-zero where one is wrong."""

import sys
import tempfile
from pathlib import Path

from tests.cases.run import folder_cases, own_cases, table

with tempfile.TemporaryDirectory() as made:
    cases = folder_cases(Path(sys.argv[1])) if len(sys.argv) > 1 else own_cases(Path(made))
    sys.exit(table(list(cases)) > 0)
