"""The models that come with the package: bundles with their scorecards, usable by name wherever a bundle is.

base.zip               the bundle: recipe, weights, log and card, as `flowleague train base` wrote it
base.scorecard.json    what `flowleague score base` measured of it
peers/                 scorecards of other people's ways to the same digits, trained and measured by `benchmarks.peers`:
                       what `flowleague score` ranks against
"""

from importlib.resources import files
from pathlib import Path

FOLDER = Path(str(files(__name__)))


def names() -> list[str]:
    """Names of the shipped models, smallest first."""
    return [path.stem for path in sorted(FOLDER.glob("*.zip"), key=lambda path: path.stat().st_size)]


def bundle(name: str) -> Path:
    """Where the bundle of a shipped model is."""
    return FOLDER / f"{name}.zip"


def scorecard(name: str) -> Path:
    """Where the scorecard of a shipped model is."""
    return FOLDER / f"{name}.scorecard.json"


def peers() -> dict[str, Path]:
    """Where the scorecards of the peers are, by name."""
    return {path.name.partition(".")[0]: path for path in sorted((FOLDER / "peers").glob("*.scorecard.json"))}


def resolve(path: Path) -> Path:
    """A path as a person gave it, or the shipped bundle of that name where nothing lies there."""
    return bundle(str(path)) if not path.exists() and str(path) in names() else path
