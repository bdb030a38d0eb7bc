"""What people look at beside the figures: some of the images that were measured, as small pictures. Without torch.

samples.png           the first 64 samples of the first seed
reconstructions.png   test digits, and below each what the autoencoder makes of it
nearest.png           samples, and below each the training digit that is nearest in Euclidean distance of pixels

Of images that a model does not return there is no picture. They are drawn by the judge from arrays it has checked, and
whoever stores or shows one checks its bytes again: only a PNG of exactly this size and these greys passes.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from flowleague.errors import FlowLeagueError
from flowleague.files import read_regular, write_atomically
from flowleague.pictures import GAP, GREYS, Images, in_turns, small_png

SAMPLES, PAIRS, COLUMNS = 64, 16, 8
NAMES = ("samples", "reconstructions", "nearest")
MAX_BYTES = 64_000
CELL = 28 + GAP


class PictureError(FlowLeagueError):
    """A file is not a picture that the judge draws."""


@dataclass
class Specimens:
    """PNG files by name, drawn while a model is measured."""

    drawn: dict[str, bytes] = field(default_factory=dict)

    def draw_samples(self, images: Images, nearest: Images) -> None:
        """Draw the first of N samples (N, 1, 28, 28), and `PAIRS` of them above the training digits nearest to them."""
        self.drawn["samples"] = small_png(images[:SAMPLES], COLUMNS)
        self.drawn["nearest"] = _pairs(images, nearest)

    def draw_reconstructions(self, originals: Images, reconstructions: Images) -> None:
        """Draw the first of N test digits (N, 1, 28, 28) above their reconstructions."""
        self.drawn["reconstructions"] = _pairs(originals, reconstructions)

    def write(self, folder: Path) -> None:
        """Write the pictures into a folder, each whole or not at all."""
        for name, raw in self.drawn.items():
            write_atomically(folder / f"{name}.png", raw)


def _pairs(above: Images, below: Images) -> bytes:
    return small_png(in_turns(above[:PAIRS], below[:PAIRS], COLUMNS), COLUMNS)


def read_pictures(folder: Path) -> dict[str, bytes]:
    """The pictures that `Specimens.write` left in a folder, by name; raises `PictureError` for anything else there."""
    found = {}
    for name in NAMES:
        try:
            raw = read_regular(folder / f"{name}.png", MAX_BYTES)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise PictureError(f"Its picture of {name} cannot be read ({error.strerror}).") from error
        check_picture(name, raw)
        found[name] = raw
    return found


def size_of(name: str) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    rows = (SAMPLES if name == "samples" else 2 * PAIRS) // COLUMNS
    return COLUMNS * CELL + GAP, rows * CELL + GAP


def check_picture(name: str, raw: bytes) -> None:
    """Raises `PictureError` unless the bytes are a whole PNG as the judge draws the picture of this name."""
    try:
        if len(raw) > MAX_BYTES:
            raise ValueError("too large")
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as picture:
            if picture.size != size_of(name) or picture.mode != "P" or max(picture.tobytes()) >= GREYS:
                raise ValueError("another picture")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow says of damage
        raise PictureError(f"It is no picture of {name} as the judge draws it.") from error


def first_row(raw: bytes) -> bytes:
    """The first row of a picture that was checked, as a PNG file of its own, black between the digits."""
    with Image.open(io.BytesIO(raw), formats=["PNG"]) as picture:
        greys = np.asarray(picture)[: CELL + GAP].copy()
        palette = picture.getpalette()
    for k in range(GAP):
        greys[k::CELL], greys[:, k::CELL] = 0, 0
    row, buffer = Image.fromarray(greys), io.BytesIO()
    row.putpalette(palette or [])
    row.save(buffer, "PNG", bits=4)
    return buffer.getvalue()
