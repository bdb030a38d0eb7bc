"""A generator's networks as files of ONNX."""

from pathlib import Path

from flowleague.bundle.read import Bundle
from flowleague.errors import OutputError
from flowleague.files import write_atomically
from flowleague.live.onnx import networks

NETWORKS = ("encoder", "velocity", "decoder")


def write_export(bundle: Bundle, folder: Path, *, force: bool = False) -> list[Path]:
    """Write `encoder.onnx`, `velocity.onnx` and `decoder.onnx` into a folder; raises `OutputError` and `LiveError`.

    Files that exist are replaced with `force` only.
    """
    paths = {name: folder / f"{name}.onnx" for name in NETWORKS}
    if folder.is_file():
        raise OutputError(f"{folder} is a file, and three files are to be written; name a folder.")
    for path in paths.values():
        if path.exists() and not force:
            raise OutputError(f"{path} exists; choose another folder or add --force.")
    for name, network in networks(bundle).items():
        write_atomically(paths[name], network.SerializeToString())
    return list(paths.values())
