"""Print attack and outcome, of our own attacks or of all .py files in a folder: python -m tests.attacks [FOLDER]"""

import sys
import tempfile
from pathlib import Path

from flowleague.data import load_training
from tests.attacks import ATTACKS, source
from tests.attacks.outcome import outcome


def main(folders: list[str]) -> None:
    """Try each file and print a line about it."""
    data = load_training()
    training, unseen = data.train.pixels()[:500], data.validation.pixels()[:200]
    with tempfile.TemporaryDirectory() as name:
        files = [path for folder in folders for path in sorted(Path(folder).rglob("*.py"))]
        for number, attack in enumerate(() if folders else ATTACKS):
            place = Path(name) / str(number)
            place.mkdir()
            (place / f"{attack.replace(' ', '-')}.py").write_text(source(attack))
            files.append(place / f"{attack.replace(' ', '-')}.py")
        for path in files:
            print(f"{path.stem}: {outcome(path, training, unseen, Path(name) / 'made.zip')}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
