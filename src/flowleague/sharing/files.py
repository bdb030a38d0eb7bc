"""The files to upload: a bundle as one zip, captured entries and weight files as they are.

All else is refused before the sign-in.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flowleague.bundle.files import LIMITS, VAE_FILE
from flowleague.bundle.read import check_weights, read_bundle, zip_bundle
from flowleague.errors import ShareError, printable
from flowleague.files import open_regular, read_regular
from flowleague.program.container import holds_programs, read_bytes, unpacked
from flowleague.program.format import latent_size


@dataclass(frozen=True)
class Upload:
    """A file, and its name at the service."""

    name: str
    content: bytes


def uploads(paths: Iterable[Path]) -> list[Upload]:
    """The files to upload for bundles, captured entries and .safetensors; raises a `FlowLeagueError`."""
    found = [_weights(path) if path.suffix == ".safetensors" else _bundle(path) for path in paths]
    names = [upload.name for upload in found]
    for name in names:
        if names.count(name) > 1:
            raise ShareError(f"Two files would be named {printable(name)} there; share them one after the other.")
    return found


def _bundle(path: Path) -> Upload:
    name = f"{path.resolve().name.removesuffix('.zip')}.zip"
    if captured := _captured(path):
        return Upload(name, captured)
    read_bundle(path)  # raises BundleError for what is none
    with tempfile.TemporaryDirectory(prefix="flowleague-") as folder:
        zipped = Path(folder) / "bundle.zip"
        zip_bundle(path, zipped)
        return Upload(name, zipped.read_bytes())


def _captured(path: Path) -> bytes:
    """The bytes of a captured entry, empty for another file; raises `ProgramError` for a damaged one."""
    try:
        with open_regular(path) as file:
            if not holds_programs(file):
                return b""
    except OSError:
        return b""
    raw = read_bytes(path)
    latent_size(unpacked(raw))
    return raw


def _weights(path: Path) -> Upload:
    limit = LIMITS[VAE_FILE]
    try:
        content = read_regular(path, limit)
    except OSError as error:
        raise ShareError(f"{printable(path)} cannot be read ({error.strerror}); check the name.") from error
    if len(content) > limit:
        raise ShareError(f"{printable(path)} is larger than {limit // 2**20} MiB; save the weights alone, as float32.")
    check_weights(content, printable(path))
    return Upload(path.name, content)
