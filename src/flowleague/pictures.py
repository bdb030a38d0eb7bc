"""Pictures of digits: contact sheets, pairs, and animations, as the bytes of a file.

Images come as float32 in [0, 1], shape (N, 1, 28, 28), and are drawn at twice their size on a dark ground.
"""

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP, SCALE, GROUND = 2, 2, 48
_GIF_FRAME_MS, _GIF_HOLD_MS = 80, 1500
GREYS = 16

Images = NDArray[np.float32]


def sheet(images: Images, columns: int, scale: int = SCALE) -> Image.Image:
    """A contact sheet, row by row; a last row that is not full stays empty at its end."""
    rows = math.ceil(len(images) / columns)
    cell = images.shape[-1] + GAP
    canvas = np.full((rows * cell + GAP, columns * cell + GAP), GROUND, np.uint8)
    for k, image in enumerate(to_bytes(images)):
        top, left = GAP + k // columns * cell, GAP + k % columns * cell
        canvas[top : top + cell - GAP, left : left + cell - GAP] = image
    picture = Image.fromarray(canvas)
    return picture.resize((scale * picture.width, scale * picture.height), Image.Resampling.NEAREST)


def to_bytes(images: Images) -> NDArray[np.uint8]:
    """Floats in [0, 1] to bytes, (N, 1, 28, 28) to (N, 28, 28)."""
    return np.rint(np.clip(images[:, 0], 0, 1) * 255).astype(np.uint8)


def png(images: Images) -> bytes:
    """A near-square contact sheet as a PNG file."""
    return _save(sheet(images, math.ceil(math.sqrt(len(images)))), "PNG")


def pairs_png(above: Images, below: Images, columns: int = 10) -> bytes:
    """Rows of images in turns - originals, then what was made of them - as a PNG file."""
    columns = min(columns, len(above))
    return _save(sheet(in_turns(above, below, columns), columns), "PNG")


def in_turns(above: Images, below: Images, columns: int) -> Images:
    """Rows of two stacks of N images in turns; a last row that is not full is filled up with the ground's grey."""
    padding = np.full((-len(above) % columns, *above.shape[1:]), GROUND / 255, np.float32)
    rows = [np.concatenate([part, padding]).reshape(-1, columns, *above.shape[1:]) for part in (above, below)]
    return np.stack(rows, axis=1).reshape(-1, *above.shape[1:])


def small_png(images: Images, columns: int) -> bytes:
    """A contact sheet at its own size in 16 greys, as a PNG file: a hundred bytes a digit."""
    return _save(_in_few_greys(sheet(images, columns, scale=1)), "PNG", bits=4, optimize=True)


def _in_few_greys(picture: Image.Image) -> Image.Image:
    drawn = Image.fromarray(np.rint(np.asarray(picture) / 255 * (GREYS - 1)).astype(np.uint8))
    drawn.putpalette([round(k * 255 / (GREYS - 1)) for k in range(GREYS) for _ in "rgb"])
    return drawn


def gif(frames: Sequence[Images]) -> bytes:
    """Contact sheets in 16 greys one after the other, the last one held, as a GIF file that repeats."""
    columns = math.ceil(math.sqrt(len(frames[0])))
    pictures = [_in_few_greys(sheet(frame, columns)) for frame in frames]
    durations = [_GIF_FRAME_MS] * (len(pictures) - 1) + [_GIF_HOLD_MS]
    return _save(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)


def npz(images: Images) -> bytes:
    """The floats themselves under the name "images"."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=images)
    return buffer.getvalue()


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
