"""Print attack and outcome, of our own attacks or of the .py files in folders: python -m tests.attacks [FOLDER ...]

Each is captured and measured on few images, and ranked beside an honest entry; exits with 1 where one gains.
"""

import sys
import tempfile
from pathlib import Path

from tests.attacks import ATTACKS, write
from tests.attacks.outcome import Ground


def main(folders: list[str]) -> None:
    """Try each file and print a line about it."""
    ground, gaining = Ground(), 0
    print(
        f"honest: {', '.join(f'{n} {m.value:.4g}' for n, m in ground.honest.metrics().items() if m.value is not None)}"
    )
    with tempfile.TemporaryDirectory() as name:
        files = [path for folder in folders for path in sorted(Path(folder).rglob("*.py"))]
        files += [write(attack, Path(name) / str(number)) for number, attack in enumerate(() if folders else ATTACKS)]
        for path in files:
            came = ground.outcome(path)
            gaining += came.gains
            print(f"{'GAINS' if came.gains else 'held '} {path.stem}: {came}", flush=True)
    print(f"{len(files)} attacks, {len(files) - gaining} gain nothing.")
    sys.exit(bool(gaining))


if __name__ == "__main__":
    main(sys.argv[1:])
