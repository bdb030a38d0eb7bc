"""Print attack and outcome, of our own attacks or of the .py files in folders: python -m tests.attacks [FOLDER ...]

Each is captured and measured on few images, and ranked beside an honest entry. Exits with 1 where one gains, and else
with 2 where a file could not be built, and so was not tried, or where there is none.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.attacks import ATTACKS, write
from tests.attacks.outcome import Ground, Outcome


def main(folders: list[str]) -> None:
    """Try each file and print a line about it."""
    ground, came = Ground(), list[Outcome]()
    print(
        f"honest: {', '.join(f'{n} {m.value:.4g}' for n, m in ground.honest.metrics().items() if m.value is not None)}"
    )
    with tempfile.TemporaryDirectory() as name:
        files = [path for folder in folders for path in sorted(Path(folder).rglob("*.py"))]
        files += [write(attack, Path(name) / str(number)) for number, attack in enumerate(() if folders else ATTACKS)]
        for path in files:
            came.append(ground.outcome(path))
            print(f"{came[-1].verdict:8}{path.stem}: {came[-1]}", flush=True)
    print(summary(came))
    sys.exit(status(came))


def summary(came: Sequence[Outcome]) -> str:
    """How many files there were, and what came of them."""
    of = Counter(each.verdict for each in came)
    return (
        f"{len(came)} files: {of['gains']} gain something, {of['held']} gain nothing, {of['untried']} were not tried."
    )


def status(came: Sequence[Outcome]) -> int:
    """The exit status: 0 where each file was tried and gains nothing."""
    verdicts = {each.verdict for each in came}
    return 1 if "gains" in verdicts else 0 if verdicts == {"held"} else 2


if __name__ == "__main__":
    main(sys.argv[1:])
