"""Pictures of digits for the report, on a dark ground in both themes: what `flowleague.pictures` lacks."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from flowleague.pictures import GAP, GROUND, SCALE, Images, sheet
from flowleague.report.themes import DARK
from flowleague.report.walks import Paths

_LABEL, _GAP_OF_PAIRS = 76, 12  # pixels beside a row for its name, and between rows of pairs
NAME = (233, 231, 226)
_FRAME_MS, _HOLD_MS = 90, 1600
_RADIUS = 2


def png(picture: Image.Image) -> bytes:
    """A picture as the bytes of a PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def grid(images: Images, columns: int) -> bytes:
    """A sheet of digits, row by row."""
    return png(sheet(images, columns))


def pairs(above: Images, below: Images, columns: int) -> bytes:
    """Rows in turns, closer to each other than to the next pair: what is above belongs to what is below."""
    columns = min(columns, len(above))
    strips = []
    for start in range(0, len(above), columns):
        for images in (above, below):
            strips.append(sheet(images[start : start + columns], columns))
    height = strips[0].height
    rows = len(strips) // 2
    canvas = Image.new("L", (strips[0].width, rows * (2 * height - SCALE * GAP) + (rows - 1) * _GAP_OF_PAIRS), GROUND)
    for k, strip in enumerate(strips):
        canvas.paste(strip, (0, k // 2 * (2 * height - SCALE * GAP + _GAP_OF_PAIRS) + k % 2 * (height - SCALE * GAP)))
    return png(canvas)


def rows(images: Images, names: Sequence[str]) -> bytes:
    """Named rows of digits, (R, S, 1, 28, 28)."""
    strips = [sheet(row, images.shape[1]) for row in images]
    height = strips[0].height
    canvas = Image.new("L", (strips[0].width + _LABEL, len(strips) * height), GROUND)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(22)
    for k, (strip, name) in enumerate(zip(strips, names, strict=True)):
        draw.text((_LABEL - 8, (k + 0.5) * height), name, 220, font, anchor="rm")
        canvas.paste(strip, (_LABEL, k * height))
    return png(canvas)


def film(paths: Paths, n: int, times: int = 11) -> bytes:
    """The first n samples, a row each, at so many times from noise to data."""
    moments = np.linspace(0, len(paths.images) - 1, times).round().astype(int)
    strips = paths.images[moments, :n].swapaxes(0, 1)
    return grid(strips.reshape(-1, *strips.shape[2:]), times)


def animation(
    paths: Paths, plane: NDArray[np.float32], test: NDArray[np.float32], labels: NDArray[np.uint8]
) -> tuple[bytes, bytes]:
    """Noise flowing to data, as a GIF that repeats, and its last frame as a PNG for readers who want no motion.

    Left the samples as images, right all of them as points (T, M, 2) among the test digits (N, 2) of a plane.
    """
    columns = int(np.ceil(np.sqrt(paths.images.shape[1])))
    low, high = limits(np.concatenate([test, plane.reshape(-1, 2)]))
    side = sheet(paths.images[0], columns).height
    ground, frames = scatter(test, labels, low, high, side), []
    for images, points in zip(paths.images, plane, strict=True):
        left = sheet(images, columns)
        frame = Image.new("RGB", (left.width + side, side))
        frame.paste(left.convert("RGB"), (0, 0))
        frame.paste(dots(ground, points, low, high), (left.width, 0))
        frames.append(frame.quantize(64, dither=Image.Dither.NONE))
    buffer = io.BytesIO()
    durations = [_FRAME_MS] * (len(frames) - 1) + [_HOLD_MS]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return buffer.getvalue(), png(frames[-1])


def limits(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The corners of a frame around nearly all points (N, 2): a stray one does not shrink the rest."""
    low, high = np.quantile(points, [0.002, 0.998], axis=0)
    margin = 0.08 * (high - low) + 1e-6
    return low - margin, high + margin


def scatter(
    test: NDArray[np.float32], labels: NDArray[np.uint8], low: NDArray, high: NDArray, size: int
) -> Image.Image:
    """Test digits as small points in the colours of their classes."""
    picture = Image.new("RGB", (size, size), (GROUND,) * 3)
    draw = ImageDraw.Draw(picture)
    for (x, y), label in zip(places(test, low, high, size), labels, strict=True):
        draw.rectangle((x, y, x + 1, y + 1), DARK.classes[label % 10])
    return Image.blend(Image.new("RGB", (size, size), (GROUND,) * 3), picture, 0.8)


def dots(ground: Image.Image, points: NDArray[np.float32], low: NDArray, high: NDArray) -> Image.Image:
    """A ground with points on it."""
    picture = ground.copy()
    draw = ImageDraw.Draw(picture)
    for x, y in places(points, low, high, ground.width):
        draw.ellipse((x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS), NAME, outline=(GROUND,) * 3)
    return picture


def places(points: NDArray[np.float32], low: NDArray, high: NDArray, size: int) -> list[tuple[float, float]]:
    """Pixels of points (N, 2); the second coordinate grows upwards."""
    share = (points - low) / (high - low)
    return [(float(x), float(size - y)) for x, y in share * size]
