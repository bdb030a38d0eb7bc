"""Charts of trials as SVG: two quantities against each other, the trials of the front marked. They take no script."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from flowleague.text import number

_WIDTH, _HEIGHT = 420, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 12, 46
_SPREAD = 20.0  # positive values that span more than this factor are drawn by their logarithm
_TICKS = 5
_STYLE = """
svg { background: #fcfbf9; color: #1f1e1c; --accent: #14606b; --focus: #9a3f12; --line: #dcd7ce; --soft: #5a564f; }
@media (prefers-color-scheme: dark) {
  svg { background: #15171a; color: #e9e7e2; --accent: #7cc7d2; --focus: #f0a070; --line: #363a40; --soft: #aeaba4; }
}
"""
STYLE = """
.chart text { font: 11px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--soft); }
.chart .axis { fill: currentColor; font-weight: 600; }
.chart .grid { stroke: var(--line); }
.chart .trial { fill: none; stroke: var(--soft); stroke-width: 1.2; }
.chart .front { fill: var(--accent); stroke: none; }
.chart .chosen { fill: var(--accent); stroke: var(--focus); stroke-width: 2.5; }
.chart .error, .chart .way { stroke: var(--accent); fill: none; }
.chart .way { stroke-dasharray: 3 3; }
"""


@dataclass(frozen=True)
class Axis:
    """A scale of values, or of names, from 0 to 1, with its ticks."""

    title: str
    low: float
    high: float
    logarithmic: bool
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Where a value lies, 0 to 1 between the ends."""
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = (math.log(max(one, 1e-300)) for one in (value, low, high))
        return (value - low) / (high - low)


@dataclass(frozen=True)
class Point:
    """A trial on a chart: its two values, their standard errors, what stands beside it, and how it is drawn.

    `kind` is trial, front or chosen; those on the front lead to the element `anchor` of the page.
    """

    x: float
    y: float
    x_error: float
    y_error: float
    said: str
    kind: str
    anchor: str


def axis(title: str, values: Sequence[float], logarithmic: bool | None = None) -> Axis:
    """The scale of values, with some room at its ends.

    >>> axis("MSE", [0.01, 0.03]).ticks
    ((0.01, '0.01'), (0.015, '0.015'), (0.02, '0.02'), (0.025, '0.025'), (0.03, '0.03'))
    """
    low, high = min(values), max(values)
    if logarithmic is None:
        logarithmic = low > 0 and high / low > _SPREAD
    if logarithmic:
        room = (high / low) ** 0.06 if high > low else 2.0
        low, high = low / room, high * room
        return Axis(title, low, high, True, _ticks(_powers(low, high)))
    room = 0.06 * (high - low) or 0.5 * abs(high) or 0.5
    low, high = low - room, high + room
    return Axis(title, low, high, False, _ticks(_steps(low, high)))


def names(title: str, known: Sequence[str]) -> Axis:
    """The scale of names, each at its number."""
    return Axis(title, -0.5, len(known) - 0.5, False, tuple(enumerate(known)))


def _ticks(values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    return tuple((value, number(value, 3)) for value in values)


def _steps(low: float, high: float) -> list[float]:
    """Round values between two, in equal steps."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [round(step * k, 12) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Round values between two, by their logarithm: powers of ten, with 2 and 5 between few of them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [float(f"{factor}e{power}") for power in powers for factor in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) <= _TICKS + 1:
            return found
    return found[:: math.ceil(len(found) / _TICKS)]


def chart(x: Axis, y: Axis, points: Sequence[Point], label: str, way: bool = False, alone: bool = False) -> Markup:
    """A chart as SVG. With `way`, the front is joined by a line; one that stands `alone` brings its style along."""
    parts = [_grid(x, y)]
    front = sorted((point.x, point.y) for point in points if point.kind != "trial")
    if way and len(front) > 1:
        parts.append(Markup('<path class="way" d="M{}"/>').format("L".join(f"{_x(x, a)} {_y(y, b)}" for a, b in front)))
    parts += [_drawn(x, y, point, alone) for point in sorted(points, key=lambda point: point.kind, reverse=True)]
    head = 'xmlns="http://www.w3.org/2000/svg" ' if alone else ""
    style = Markup("<style>{}</style>").format(Markup(_STYLE + STYLE)) if alone else ""
    return Markup('<svg {}class="chart" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}</svg>').format(
        Markup(head), _WIDTH, _HEIGHT, label, style, Markup("").join(parts)
    )


def _grid(x: Axis, y: Axis) -> Markup:
    """Lines and numbers of both axes, and their titles."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    lines, texts = [], []
    for value, text in x.ticks:
        lines.append(f"M{_x(x, value)} {_TOP}V{bottom}")
        texts.append(_text(_x(x, value), bottom + 15, text, "middle"))
    for value, text in y.ticks:
        lines.append(f"M{_LEFT} {_y(y, value)}H{right}")
        texts.append(_text(_LEFT - 6, _y(y, value) + 4, text, "end"))
    middle, height = (_LEFT + right) / 2, (_TOP + bottom) / 2
    texts.append(_text(middle, _HEIGHT - 10, x.title, "middle", "axis"))
    turned = Markup('<g transform="translate(13 {}) rotate(-90)">{}</g>')
    texts.append(turned.format(height, _text(0, 0, y.title, "middle", "axis")))
    return Markup('<g aria-hidden="true"><path class="grid" d="{}"/>{}</g>').format(
        "".join(lines), Markup("").join(texts)
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> Markup:
    named = Markup(' class="{}"').format(kind) if kind else ""
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}"{}>{}</text>').format(x, y, anchor, named, text)


def _drawn(x: Axis, y: Axis, point: Point, alone: bool) -> Markup:
    """A trial: a ring, or on the front a disc with its standard errors, which leads to its row."""
    across, down = _x(x, point.x), _y(y, point.y)
    radius = {"trial": 3.2, "front": 4.2, "chosen": 5.6}[point.kind]
    disc = Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        point.kind, across, down, radius, escape(point.said)
    )
    if point.kind == "trial":
        return disc
    bars = _bars(x, y, point)
    return bars + (
        disc if alone else Markup('<a href="#{}" aria-label="{}">{}</a>').format(point.anchor, point.said, disc)
    )


def _bars(x: Axis, y: Axis, point: Point) -> Markup:
    """The standard errors of a point, where it has any."""
    ways = []
    if point.x_error:
        ways.append(f"M{_x(x, point.x - point.x_error)} {_y(y, point.y)}H{_x(x, point.x + point.x_error)}")
    if point.y_error:
        ways.append(f"M{_x(x, point.x)} {_y(y, point.y - point.y_error)}V{_y(y, point.y + point.y_error)}")
    return Markup('<path class="error" d="{}"/>').format("".join(ways)) if ways else Markup("")


def _x(axis: Axis, value: float) -> float:
    return round(_LEFT + min(max(axis.at(value), 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(axis: Axis, value: float) -> float:
    return round(_HEIGHT - _BOTTOM - min(max(axis.at(value), 0.0), 1.0) * (_HEIGHT - _TOP - _BOTTOM), 1)
