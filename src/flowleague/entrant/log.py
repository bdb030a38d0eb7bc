"""The training log that is handed in beside code: a `training.jsonl`, as a bundle holds one.

Beside NAME.py it may also be called NAME.training.jsonl.
"""

from pathlib import Path
from typing import Any

from flowleague.bundle.files import CARD_FILE, LIMITS, LOG_FILE, read_files, shown, too_large
from flowleague.bundle.read import read_records
from flowleague.errors import EntryError
from flowleague.files import read_regular

NOTE = "Training performance is read from the training log beside the entry."


def log_beside(path: Path, weights: Path | None = None) -> tuple[dict[str, Any], ...] | None:
    """The records of the log beside the file or in the folder of the weights; None where there is none.

    Raises `BundleError` for a log that cannot be read as one, and `EntryError` for a file that cannot be read.
    """
    file = _found(path, weights)
    return tuple(read_records(_read(file), shown(file))) if file else None


def training_files(entry: Path, code: bool, weights: Path | None = None) -> dict[str, bytes]:
    """What an entry declares of its training, by name: log and card of a bundle; of code the log beside it."""
    if not code:
        files = read_files(entry)
        return {name: files[name] for name in (LOG_FILE, CARD_FILE)}
    file = _found(entry, weights)
    return {LOG_FILE: _read(file)} if file else {}


def _found(path: Path, weights: Path | None) -> Path | None:
    own = path.with_suffix(f".{LOG_FILE}")
    places = [own, *(folder / LOG_FILE for folder in (weights, path.parent) if folder)]
    return next((place for place in places if place.is_file()), None)


def _read(file: Path) -> bytes:
    try:
        raw = read_regular(file, LIMITS[LOG_FILE])
    except OSError as error:
        sentence = f"{shown(file)} cannot be read ({error.strerror})."
        raise EntryError("training_log", sentence, "Hand in the log as a plain file, or leave it out.") from error
    if len(raw) > LIMITS[LOG_FILE]:
        raise too_large(shown(file.parent), LOG_FILE)
    return raw
