"""The files to upload: a bundle as one zip, or weight files as they are. All else is refused before the sign-in."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flowleague.bundle.files import LIMITS, VAE_FILE
from flowleague.bundle.read import check_weights, read_bundle, zip_bundle
from flowleague.errors import ShareError, printable
from flowleague.files import read_regular


@dataclass(frozen=True)
class Upload:
    """A file, and its name at the service."""

    name: str
    content: bytes


def uploads(paths: Iterable[Path]) -> list[Upload]:
    """The files to upload for bundles, folders or zips, and for .safetensors; raises `BundleError` or `ShareError`."""
    found = [_weights(path) if path.suffix == ".safetensors" else _bundle(path) for path in paths]
    names = [upload.name for upload in found]
    for name in names:
        if names.count(name) > 1:
            raise ShareError(f"Two files would be named {printable(name)} there; share them one after the other.")
    return found


def _bundle(path: Path) -> Upload:
    read_bundle(path)  # raises BundleError for what is none
    with tempfile.TemporaryDirectory(prefix="flowleague-") as folder:
        zipped = Path(folder) / "bundle.zip"
        zip_bundle(path, zipped)
        return Upload(f"{path.resolve().name.removesuffix('.zip')}.zip", zipped.read_bytes())


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
