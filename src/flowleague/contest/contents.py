"""What is in the files that one student or folder handed in: zips are opened, unless they are entries as they are.

A zip is an entry where it is a bundle or a captured entry, whole or in a folder of its own; else it is only a wrapper
of the files in it.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flowleague.archive import MIB, ZipLimits, open_zip, write_zip
from flowleague.bundle.files import LIMITS as BUNDLE_FILES
from flowleague.contest.download import Piece, is_left_behind, unpacked, without_folder_around
from flowleague.contest.entry_files import is_log
from flowleague.errors import printable
from flowleague.files import read_regular
from flowleague.program.container import holds_programs

_MEMBERS = 2_000  # in a student's zip, with what a system or a program left in it
CODE = (".py", ".ipynb")
_BY_A_SYSTEM = "a system or a program made it for itself"


@dataclass(frozen=True)
class Held:
    """A file by the name under which it was handed in; `again` where Canvas may have added a number to the name."""

    name: str
    piece: Piece
    again: bool = False

    @property
    def file(self) -> Path:
        """Where its bytes are."""
        assert self.piece.file is not None
        return self.piece.file


@dataclass(frozen=True)
class Row:
    """What becomes of one file: what it is taken as; or why it is left, and whether a person has to act.

    `blocks`: the entry is not taken before that.
    """

    file: str
    taken: str = ""
    why: str = ""
    asks: bool = False
    blocks: bool = False


@dataclass
class Contents:
    """The files that can be read, the zips that are whole entries, and what is said already of all others."""

    files: list[Held] = field(default_factory=list)
    complete: list[Held] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def kind_of(name: str) -> str:
    """What a file may be, by its name: code, zip, weights, log, or nothing of these."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in CODE:
        return "code"
    return "log" if is_log(name) else {".zip": "zip", ".safetensors": "weights"}.get(ending, "")


def contents_of(held: Iterable[Held], place: Path, largest: int) -> Contents:
    """The files that were handed in, zips unpacked below `place`; `largest` is how many bytes one zip may have."""
    found = Contents()
    for each in held:
        if is_left_behind(PurePosixPath(each.name)):
            found.rows.append(Row(each.name, why=_BY_A_SYSTEM))
        elif each.piece.file is None:
            found.rows.append(_unreadable(each, each.piece.problem))
        elif kind_of(each.name) != "zip":
            found.files.append(each)
        elif _is_entry(each.file):
            found.complete.append(each)
        else:
            _look_into(each, place, largest, found)
    return found


def _look_into(held: Held, place: Path, largest: int, found: Contents) -> None:
    """The files of a zip; only entries may be zips in turn."""
    try:
        pieces = unpacked(held.file, place, ZipLimits(_MEMBERS, MIB, largest), largest)
    except (OSError, ValueError) as error:
        found.rows.append(_unreadable(held, f"it cannot be unpacked: {printable(error)}"))
        return
    found.rows += [Row(f"{held.name}/{p.path}", why=_BY_A_SYSTEM) for p in pieces if is_left_behind(p.path)]
    inner = without_folder_around(pieces)
    bundle = {str(piece.path): piece.file for piece in inner if piece.file and str(piece.path) in BUNDLE_FILES}
    if len(bundle) == len(BUNDLE_FILES):
        found.complete.append(Held(held.name, Piece(held.piece.path, as_bundle(bundle, place))))
        inner = [piece for piece in inner if str(piece.path) not in BUNDLE_FILES]
    for piece in inner:
        each = Held(f"{held.name}/{piece.path}", piece)
        if piece.file is None:
            found.rows.append(_unreadable(each, piece.problem))
        elif kind_of(each.name) != "zip":
            found.files.append(each)
        elif _is_entry(piece.file):
            found.complete.append(each)
        else:
            found.rows.append(_unreadable(each, "it is a zip in a zip; unpack the outer one and take in its files"))


def _unreadable(held: Held, why: str) -> Row:
    matters = kind_of(held.name) != ""
    return Row(held.name, why=why, asks=matters, blocks=matters)


def _is_entry(file: Path) -> bool:
    """Whether a zip is a captured entry or a bundle, whatever it is called."""
    try:
        with file.open("rb") as opened:
            if holds_programs(opened):
                return True
            with open_zip(opened, ZipLimits(_MEMBERS, MIB, 2**32)) as archive:
                return {member.filename for member in archive.infolist()} == set(BUNDLE_FILES)
    except (OSError, ValueError):
        return False


def as_bundle(bundle: Mapping[str, Path], place: Path) -> Path:
    """The five files of a bundle as the zip that training would have written."""
    target = Path(tempfile.mkdtemp(dir=place)) / "entry.zip"
    target.write_bytes(write_zip({name: read_regular(bundle[name], BUNDLE_FILES[name]) for name in BUNDLE_FILES}))
    return target
