"""Charts with matplotlib: each a function that draws data onto axes; `chart` makes a PNG of it in a theme.

Charts are small, so that their text stays readable on a phone; what has two panels becomes two charts.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, PercentFormatter
from PIL import Image

from flowleague.report.latents import Plane, Shrunk
from flowleague.report.losses import Losses
from flowleague.report.neighbours import Neighbours
from flowleague.report.sweep import Sweep

DPI = 200
SIZE = (5.2, 3.7)  # inches
SQUARE = (5.2, 5.0)
SOLVERS = {"euler": "o", "midpoint": "s", "heun": "^", "rk4": "D"}
TARGETS = (0.010, 0.006)  # of category 6, see `judge.training_performance`


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


def losses(data: Losses) -> Draw:
    """Loss over images, by the logarithm; of the VAE with the targets of the training category."""

    def draw(axes: Axes, theme: Theme) -> None:
        for curve in data.curves:
            x, y = zip(*curve.points, strict=True)
            axes.plot(x, y, label=curve.name, alpha=0.75 if curve.name == "training loss" else 1)
        low, high = axes.get_ylim()
        for target in TARGETS if data.stage == "vae" else ():
            if low < target < high:
                axes.axhline(target, color=theme.soft, linestyle=":", linewidth=1.2)
                axes.annotate(f"target {target:.3f}", (data.images, target), ha="right", va="bottom", fontsize=9)
        axes.set(
            xlabel="training images seen", ylabel="loss", yscale="log" if low > 0 or data.stage == "vae" else "linear"
        )
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        plain_numbers(axes)
        axes.legend()

    return draw


def plane(data: Plane) -> Draw:
    """Test digits coloured by class, the class named at its centre, and the flow's samples as rings."""

    def draw(axes: Axes, theme: Theme) -> None:
        colours = np.array(theme.classes)[data.labels % 10]
        axes.scatter(*data.test.T, s=5, c=colours, alpha=0.55, linewidths=0)
        axes.scatter(
            *data.flow.T, s=15, facecolors="none", edgecolors=theme.ink, linewidths=0.8, label="flow's samples"
        )
        for c in np.unique(data.labels):
            centre = np.median(data.test[data.labels == c], axis=0)
            outline = [withStroke(linewidth=4, foreground=theme.ground)]
            axes.annotate(str(c), centre.tolist(), color=theme.classes[c % 10], fontsize=19, fontweight="bold",
                          ha="center", va="center", path_effects=outline)  # fmt: skip
        axes.set(xlabel=data.axes[0], ylabel=data.axes[1])
        axes.grid(False)
        axes.tick_params(labelbottom=bool(data.axes[0]), labelleft=bool(data.axes[1]), length=0)
        axes.legend(loc="upper left", bbox_to_anchor=(0, 1.09), handletextpad=0.1)

    return draw


def components(shares: np.ndarray) -> Draw:
    """The share of the variance that the first k principal components hold."""

    def draw(axes: Axes, _: Theme) -> None:
        total = np.cumsum(shares)
        axes.step(np.arange(1, len(total) + 1), total, where="mid")
        axes.set(xlabel="principal components kept", ylabel="share of the latents' variance", ylim=(0, 1.03))
        axes.yaxis.set_major_formatter(PercentFormatter(1))

    return draw


def shrunk(rows: list[Shrunk]) -> Draw:
    """MSE when only the first k components are kept."""

    def draw(axes: Axes, _: Theme) -> None:
        axes.errorbar([r.k for r in rows], [r.mse for r in rows], yerr=[1.96 * r.error for r in rows], marker="o", ms=4)
        axes.set(xlabel="principal components kept", ylabel="MSE of test digits, intensity²", yscale="log")
        plain_numbers(axes)

    return draw


def solver_error(data: Sweep) -> Draw:
    """Distance to the exact solution over evaluations, both by the logarithm."""

    def draw(axes: Axes, theme: Theme) -> None:
        for i, (solver, marker) in enumerate(SOLVERS.items()):
            some = [o for o in data.outcomes if o.setting.solver == solver and o.error > 0]
            axes.plot([o.setting.evaluations for o in some], [o.error for o in some], marker=marker, ms=5,
                      color=theme.series[i], label=solver)  # fmt: skip
        if data.own.error > 0:
            mark_own(axes, theme, data.own.setting.evaluations, data.own.error)
        axes.set(xlabel="evaluations of the velocity for one sample", ylabel="RMS error of the latent", yscale="log")
        evaluations_axis(axes)
        axes.legend()

    return draw


def quality(data: Sweep) -> Draw:
    """Fréchet distance over evaluations, with that of as many real images."""

    def draw(axes: Axes, theme: Theme) -> None:
        for i, (solver, marker) in enumerate(SOLVERS.items()):
            some = [(o.setting.evaluations, o.read) for o in data.outcomes if o.setting.solver == solver and o.read]
            axes.errorbar([n for n, _ in some], [r.frechet for _, r in some], yerr=[r.frechet_error for _, r in some],
                          marker=marker, ms=5, color=theme.series[i], label=solver)  # fmt: skip
        if data.floor is not None:
            axes.axhline(data.floor, color=theme.soft, linestyle=":", linewidth=1.4)
            axes.annotate("real images", (1, data.floor), va="bottom", fontsize=9, color=theme.soft)
        if data.own.read:
            mark_own(axes, theme, data.own.setting.evaluations, data.own.read.frechet)
        axes.set(xlabel="evaluations of the velocity for one sample", ylabel="Fréchet distance", yscale="log")
        evaluations_axis(axes)
        plain_numbers(axes)
        axes.legend()

    return draw


def digits_drawn(counts: np.ndarray, frequencies: np.ndarray) -> Draw:
    """How often each digit is drawn, beside how often it is in real images, with the 95 % interval of counting."""

    def draw(axes: Axes, theme: Theme) -> None:
        share, n, at = counts / counts.sum(), counts.sum(), np.arange(10)
        axes.bar(at, share, yerr=1.96 * np.sqrt(share * (1 - share) / n), color=theme.series[0], ecolor=theme.soft)
        axes.hlines(frequencies, at - 0.45, at + 0.45, color=theme.series[1], linewidth=2.5, label="real test images")
        axes.set(xlabel="digit, as the judges read it", ylabel="share of samples", ylim=(0, 1.35 * share.max()))
        axes.set_xticks(at)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(False, axis="x")
        axes.legend(loc="upper right")

    return draw


def distances(data: Neighbours) -> Draw:
    """Distances of samples, and of real test digits, to the nearest training digit."""

    def draw(axes: Axes, theme: Theme) -> None:
        bins = np.linspace(0, max(data.distances.max(), data.real.max()), 40).tolist()
        for values, name in ((data.real, "real test digits"), (data.distances, "samples")):
            axes.hist(values, bins, density=True, histtype="stepfilled", alpha=0.45, label=name,
                      color=theme.series[name == "samples"])  # fmt: skip
        axes.set(xlabel="distance to the nearest training digit", ylabel="share")
        axes.tick_params(axis="y", labelleft=False, length=0)
        axes.legend()

    return draw


def parts(rows: list[tuple[str, dict[str, float]]]) -> Draw:
    """Shares of parts in several totals, one bar each, the larger shares named in the bar."""

    def draw(axes: Axes, theme: Theme) -> None:
        names = list(dict.fromkeys(name for _, held in rows for name in held))
        for i, (_, held) in enumerate(rows):
            left, total = 0.0, sum(held.values())
            for name, value in held.items():
                share, colour = value / total, theme.series[names.index(name)]
                axes.barh(i, share, left=left, color=colour, height=0.6, label=name, edgecolor=theme.ground)
                if share > 0.12:
                    axes.text(left + share / 2, i, f"{share:.0%}", ha="center", va="center", color=theme.ground)
                left += share
        axes.set_yticks(range(len(rows)), [title for title, _ in rows])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(False)
        once = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.legend(once.values(), once.keys(), loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)

    return draw


def mark_own(axes: Axes, theme: Theme, x: float, y: float) -> None:
    """A ring around the recipe's own setting."""
    axes.scatter(
        [x], [y], s=170, facecolors="none", edgecolors=theme.ink, linewidths=1.6, zorder=5, label="the recipe's"
    )


def evaluations_axis(axes: Axes) -> None:
    """Powers of two, by the logarithm."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))


def plain_numbers(axes: Axes) -> None:
    """0.01 instead of 10⁻² on a logarithmic axis, and at 2 and 5 between, or at all nine where a decade is not full."""
    if axes.get_yscale() == "log":
        low, high = axes.get_ylim()
        short = FuncFormatter(lambda y, _: f"{y:g}")
        axes.yaxis.set_major_formatter(short)
        axes.yaxis.set_minor_locator(LogLocator(subs="auto" if high / low < 4 else (2, 5)))
        axes.yaxis.set_minor_formatter(short)
