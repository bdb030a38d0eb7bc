"""The picture that a link to the board shows where it is shared: the first teams' places and samples."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

NAME = "card.png"
WIDTH, HEIGHT, MOST, _SCALE = 1200, 630, 5, 3
_GROUND, _INK, _LEFT = "#15171a", "#e9e7e2", 330


def card(rows: Sequence[tuple[int, bytes]]) -> bytes:
    """A PNG file of the first rows: place, and the strip of eight samples; without names, which any script may have."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(64)
    shown = rows[:MOST]
    step = HEIGHT // MOST
    top = (HEIGHT - step * len(shown)) // 2
    for k, (place, strip) in enumerate(shown):
        with Image.open(io.BytesIO(strip), formats=["PNG"]) as row:
            size = (row.width * _SCALE, row.height * _SCALE)
            enlarged = row.convert("RGB").resize(size, Image.Resampling.NEAREST)
        y = top + k * step + (step - size[1]) // 2
        picture.paste(enlarged, (_LEFT, y))
        pen.text((_LEFT - 60, y + size[1] // 2), str(place), fill=_INK, font=font, anchor="rm")
    buffer = io.BytesIO()
    picture.quantize(32).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
