"""How charts look: small, so that their text stays readable on a phone, each as a PNG for light and for dark pages."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

DPI = 200
SIZE = (5.2, 3.7)  # inches
SQUARE = (5.2, 5.0)


@dataclass(frozen=True)
class Theme:
    """Colours of a chart; `classes` are those of the ten digits."""

    name: str
    ground: str
    ink: str
    soft: str
    line: str
    series: tuple[str, ...]
    classes: tuple[str, ...]


LIGHT = Theme(
    "light", "#fcfbf9", "#1f1e1c", "#5f5b55", "#dedad3",
    ("#14606b", "#b4501f", "#6a4c93", "#4d7c0f"),
    ("#1f77b4", "#e07b00", "#2a8a2a", "#c92a2a", "#7d55b0", "#7a4a3a", "#d0519f", "#6b6b6b", "#8f8f00", "#0f97a8"),
)  # fmt: skip
DARK = Theme(
    "dark", "#15171a", "#e9e7e2", "#a9a69f", "#363a40",
    ("#7cc7d2", "#f0a070", "#b89be0", "#a6d36a"),
    ("#62aee6", "#ffa64d", "#63c963", "#ff7070", "#b795e6", "#c89a86", "#f29bd0", "#b8b8b8", "#d3d34a", "#4cd3e0"),
)  # fmt: skip
THEMES = (LIGHT, DARK)
Draw = Callable[[Axes, Theme], None]


def chart(draw: Draw, theme: Theme, size: tuple[float, float] = SIZE) -> bytes:
    """A chart as the bytes of a PNG of at most 256 colours."""
    with mpl.rc_context(style(theme)):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots(), theme)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
    picture, small = Image.open(buffer).convert("RGB"), io.BytesIO()
    picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def style(theme: Theme) -> dict[Any, Any]:
    """Matplotlib's settings for a theme."""
    colours: dict[Any, Any] = dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color"), theme.soft)
    colours |= dict.fromkeys(
        ("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor"), theme.ground
    )
    colours |= {"axes.edgecolor": theme.line, "grid.color": theme.line, "text.color": theme.ink}
    return colours | {
        "axes.prop_cycle": cycler(color=theme.series),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.linewidth": 0.7,
        "font.size": 11,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "lines.linewidth": 1.8,
        "svg.fonttype": "none",
    }
