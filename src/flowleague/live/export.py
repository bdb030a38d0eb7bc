"""A model's programs as files of ONNX."""

from pathlib import Path

import onnx

from flowleague.bundle.read import Bundle
from flowleague.errors import LiveError, OutputError
from flowleague.files import write_atomically
from flowleague.live.networks import networks
from flowleague.live.onnx.convert import networks_in_onnx
from flowleague.program.format import Entry, latent_size
from flowleague.program.values import ProgramError

# The programs of a bundle and of a captured entry, with the names of what goes in and what comes out
_BUNDLE = {"encoder": (["images"], "x"), "velocity": (["x_t", "t"], "v"), "decoder": (["x"], "images")}
_ENTRY = {"encode": (["images"], "z"), "decode": (["z"], "images"), "generate": ([], "images")}


def in_onnx(content: Bundle | Entry) -> dict[str, onnx.ModelProto]:
    """The networks of a bundle, or the programs of a captured entry, by name; raises `LiveError`."""
    if isinstance(content, Bundle):
        if content.recipe.flow.cut < 1:  # a reader of three networks would take the flow's end for the latent
            raise LiveError(
                f"The flow of this model is cut at t = {content.recipe.flow.cut:g}, and the rest decodes: it has no "
                "three networks of its own. Capture it, and export its captured entry."
            )
        return networks_in_onnx(networks(content), _BUNDLE)
    try:
        latent_size(content)
    except ProgramError as error:
        raise LiveError(str(error)) from error
    return networks_in_onnx(content, _ENTRY)


def write_export(content: Bundle | Entry, folder: Path, *, force: bool = False) -> list[Path]:
    """Write a file for each network into a folder; raises `OutputError` and `LiveError`.

    Files that exist are replaced with `force` only.
    """
    names = _BUNDLE if isinstance(content, Bundle) else _ENTRY
    paths = {name: folder / f"{name}.onnx" for name in names}
    if folder.is_file():
        raise OutputError(f"{folder} is a file, and three files are to be written; name a folder.")
    for path in paths.values():
        if path.exists() and not force:
            raise OutputError(f"{path} exists; choose another folder or add --force.")
    for name, network in in_onnx(content).items():
        write_atomically(paths[name], network.SerializeToString())
    return list(paths.values())
