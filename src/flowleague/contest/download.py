"""The files that were handed over in a folder or a zip, every one of them, and those in a zip that a student sent.

Members of a zip are unpacked under numbers, so no name in an archive ever becomes a path of this machine. Links are not
followed. A file that cannot be had is there all the same, with the reason.
"""

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from flowleague.archive import MIB, ZipLimits, check_member, open_zip, read_member
from flowleague.contest.folder import ContestError
from flowleague.errors import printable
from flowleague.files import temporary_folder

CLOSED = "its owner alone can read it"  # another user's, in a drop folder
_CLASS = ZipLimits(members=10_000, directory=4 * MIB, total=2**36)  # of a class, where each file has its own limit
_UTF8 = 0x800  # the flag of a member whose name is UTF-8: APPNOTE 4.4.4
_SYSTEMS = ("thumbs.db", "desktop.ini", "icon\r")
_SYSTEMS_FOLDERS = ("__macosx", "__pycache__", "$recycle.bin", "site-packages")


@dataclass(frozen=True)
class Piece:
    """A file: its path among what was handed over, and where its bytes are; or why there are none."""

    path: PurePosixPath
    file: Path | None = None
    problem: str = ""

    def below(self, folder: PurePosixPath | str) -> "Piece":
        """The same file, its path as seen from a folder around it; a file with a folder's own name keeps that."""
        inner = self.path.relative_to(folder)
        return Piece(inner if inner.parts else self.path, self.file, self.problem)


def is_left_behind(path: PurePosixPath) -> bool:
    """Whether a Mac, Windows or a notebook's server made this file for itself."""
    parts = [part.lower() for part in path.parts if part != ".."]
    return path.name.lower() in _SYSTEMS or any(p.startswith(".") or p in _SYSTEMS_FOLDERS for p in parts)


@contextmanager
def opened(source: Path, largest: int) -> Iterator[tuple[list[Piece], Path]]:
    """All files in a folder or zip, each of at most `largest` bytes, and a folder for more, as long as they are used.

    Raises `ContestError` where there is neither.
    """
    with temporary_folder() as place:
        if source.is_dir():
            yield _files_below(source, largest), place
            return
        try:
            pieces = unpacked(source, place, _CLASS, largest)
        except FileNotFoundError as error:
            raise ContestError(f"There is nothing at {source}; is the path right?") from error
        except (OSError, ValueError) as error:
            raise ContestError(
                f"{source} is no zip that can be read ({printable(error)}); download it again, or unpack it and give "
                "the folder."
            ) from error
        yield pieces, place


def _files_below(source: Path, largest: int) -> list[Piece]:
    pieces = []
    for folder, folders, files in os.walk(source, followlinks=False):
        folders.sort()
        barred = [name for name in folders if (Path(folder) / name).is_symlink() or _is_closed(Path(folder) / name)]
        for name in sorted([*files, *barred]):
            path = Path(folder) / name
            inner = PurePosixPath(*map(_text, path.relative_to(source).parts))
            if path.is_symlink():
                pieces.append(Piece(inner, problem="it is a link"))
            elif _is_closed(path):
                pieces.append(Piece(inner, problem=CLOSED))
            elif not path.is_file():
                pieces.append(Piece(inner, problem="it is no regular file"))
            elif path.stat().st_size > largest:
                pieces.append(Piece(inner, problem=f"it is larger than the {largest // MIB} MiB allowed"))
            else:
                pieces.append(Piece(inner, path))
    return pieces


def _is_closed(path: Path) -> bool:
    """Whether another user's file or folder cannot be read, as in a drop folder."""
    return not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK)


def _text(name: str) -> str:
    """A name as text that can be written, though its bytes may be none."""
    return os.fsencode(name).decode(errors="replace")


def unpacked(source: Path, place: Path, limits: ZipLimits, largest: int) -> list[Piece]:
    """The files of a zip, unpacked into a new folder below `place`; raises `OSError` or `ValueError`."""
    folder, pieces, seen = Path(tempfile.mkdtemp(dir=place)), list[Piece](), set[PurePosixPath]()
    with source.open("rb") as file, open_zip(file, limits) as archive:
        for number, member in enumerate(archive.infolist()):
            path = _path_of(member)
            if member.filename.endswith(("/", "\\")) or not path.parts:
                continue
            target = folder / str(number)
            try:
                if path in seen:
                    raise ValueError("it is there twice")
                seen.add(path)
                _unpack(archive, member, path, target, largest)
                pieces.append(Piece(path, target))
            except (OSError, ValueError) as error:
                target.unlink(missing_ok=True)
                pieces.append(Piece(path, problem=_reason(error, path)))
    return pieces


def _path_of(member: ZipInfo) -> PurePosixPath:
    """A member's path. Canvas and Macs write UTF-8 and do not say so; Windows may write backslashes."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = member.filename  # of a program that wrote in its own country's letters
    return PurePosixPath(name.replace("\\", "/"))


def _unpack(archive: ZipFile, member: ZipInfo, path: PurePosixPath, target: Path, largest: int) -> None:
    if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        raise ValueError("its path leads out of the archive")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError("it is a link")
    check_member(member, largest)
    with target.open("xb") as file:
        file.writelines(read_member(archive, member))


def _reason(error: OSError | ValueError, path: PurePosixPath) -> str:
    """Why a member cannot be unpacked, without its name, which may hold a person's."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(words).replace(printable(path, 50), "it")


def without_folder_around(pieces: Sequence[Piece]) -> list[Piece]:
    """The files without the one folder that is around all of them, as packing a folder makes it."""
    pieces = [piece for piece in pieces if not is_left_behind(piece.path)]
    while pieces and len({piece.path.parts[0] for piece in pieces}) == 1 and len(pieces[0].path.parts) > 1:
        if any(len(piece.path.parts) < 2 for piece in pieces):
            break
        pieces = [piece.below(piece.path.parts[0]) for piece in pieces]
    return pieces
