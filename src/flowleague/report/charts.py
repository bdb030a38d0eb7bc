"""Charts with matplotlib: each a function that draws data onto axes; `themes.chart` makes a PNG of it.

What has two panels becomes two charts.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator, PercentFormatter

from flowleague.report.latents import Plane, Shrunk
from flowleague.report.losses import Losses
from flowleague.report.neighbours import Neighbours
from flowleague.report.sweep import Sweep
from flowleague.report.themes import Draw, Theme
from flowleague.text import SPACE, number, percent

_PERCENT = f"{SPACE}%"
_MARKERS = "os^DvPX*"  # of the solvers, in order
_TARGETS = (0.010, 0.006)  # of category 6, see `scorecard.metrics.training`


def losses(data: Losses) -> Draw:
    """Loss over images, by the logarithm; of the VAE with the targets of the training category."""

    def draw(axes: Axes, theme: Theme) -> None:
        for curve in data.curves:
            x, y = zip(*curve.points, strict=True)
            axes.plot(x, y, label=curve.name, alpha=0.75 if curve.name == "training loss" else 1)
        positive = min(y for curve in data.curves for _, y in curve.points) > 0
        low, high = axes.get_ylim()
        for target in _TARGETS if data.stage == "vae" else ():
            if low < target < high:
                axes.axhline(target, color=theme.soft, linestyle=":", linewidth=1.2)
                axes.annotate(f"target {number(target, 3)}", (data.images, target), ha="right", va="bottom", fontsize=9)
        axes.set(xlabel="training images seen", ylabel="loss", yscale="log" if positive else "linear")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        _plain_numbers(axes)
        axes.legend()

    return draw


def plane(data: Plane) -> Draw:
    """Test digits coloured by class, the class named at its centre, and the flow's samples as rings."""

    def draw(axes: Axes, theme: Theme) -> None:
        colours = np.array(theme.classes)[data.labels % 10]
        axes.scatter(*data.test.T, s=5, c=colours, alpha=0.55, linewidths=0)
        if len(data.flow):
            rings = {"facecolors": "none", "edgecolors": theme.ink, "linewidths": 0.8}
            axes.scatter(*data.flow.T, s=15, label="flow's samples", **rings)
            axes.legend(loc="upper left", bbox_to_anchor=(0, 1.09), handletextpad=0.1)
        for c in np.unique(data.labels):
            centre = np.median(data.test[data.labels == c], axis=0)
            outline = [withStroke(linewidth=4, foreground=theme.ground)]
            axes.annotate(str(c), centre.tolist(), color=theme.classes[c % 10], fontsize=19, fontweight="bold",
                          ha="center", va="center", path_effects=outline)  # fmt: skip
        axes.set(xlabel=data.axes[0], ylabel=data.axes[1])
        axes.grid(False)
        axes.tick_params(labelbottom=bool(data.axes[0]), labelleft=bool(data.axes[1]), length=0)

    return draw


def components(shares: np.ndarray) -> Draw:
    """The share of the variance that the first k principal components hold."""

    def draw(axes: Axes, _: Theme) -> None:
        total = np.cumsum(shares)
        axes.step(np.arange(1, len(total) + 1), total, where="mid")
        axes.set(xlabel="principal components kept", ylabel="share of the latents' variance", ylim=(0, 1.03))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=_PERCENT))

    return draw


def shrunk(rows: list[Shrunk]) -> Draw:
    """MSE when only the first k components are kept."""

    def draw(axes: Axes, _: Theme) -> None:
        axes.errorbar([r.k for r in rows], [r.mse for r in rows], yerr=[1.96 * r.error for r in rows], marker="o", ms=4)
        axes.set(xlabel="principal components kept", ylabel="MSE of test digits, intensity²", yscale="log")
        _plain_numbers(axes)

    return draw


def solver_error(data: Sweep) -> Draw:
    """Distance to the exact solution over evaluations, both by the logarithm."""

    def draw(axes: Axes, theme: Theme) -> None:
        for solver, look in _looks(data, theme).items():
            some = [o for o in data.outcomes if o.setting.solver == solver and o.error > 0]
            axes.plot([o.setting.evaluations for o in some], [o.error for o in some], ms=5, label=solver, **look)
        if data.own.error > 0:
            _mark_own(axes, theme, data.own.setting.evaluations, data.own.error)
        axes.set(xlabel="evaluations of the velocity for one sample", ylabel="RMS error of the latent", yscale="log")
        _evaluations_axis(axes)
        axes.legend()

    return draw


def _looks(data: Sweep, theme: Theme) -> dict[str, dict[str, Any]]:
    """Marker and colour of every solver, by its place; both begin again after the last."""
    n, m = len(_MARKERS), len(theme.series)
    return {name: {"marker": _MARKERS[i % n], "color": theme.series[i % m]} for i, name in enumerate(data.solvers)}


def quality(data: Sweep) -> Draw:
    """Fréchet distance over evaluations, with that of as many real images."""

    def draw(axes: Axes, theme: Theme) -> None:
        for solver, look in _looks(data, theme).items():
            some = [
                (o.setting.evaluations, o.verdict) for o in data.outcomes if o.setting.solver == solver and o.verdict
            ]
            axes.errorbar([n for n, _ in some], [r.frechet for _, r in some], yerr=[r.frechet_error for _, r in some],
                          ms=5, label=solver, **look)  # fmt: skip
        if data.floor is not None:
            axes.axhline(data.floor, color=theme.soft, linestyle=":", linewidth=1.4)
            axes.annotate("real images", (1, data.floor), va="bottom", fontsize=9, color=theme.soft)
        if data.own.verdict:
            _mark_own(axes, theme, data.own.setting.evaluations, data.own.verdict.frechet)
        axes.set(xlabel="evaluations of the velocity for one sample", ylabel="Fréchet distance", yscale="log")
        _evaluations_axis(axes)
        _plain_numbers(axes)
        axes.legend()

    return draw


def digits_drawn(counts: np.ndarray, frequencies: np.ndarray) -> Draw:
    """How often each digit is drawn, beside how often it is in real images, with the 95 % interval of counting."""

    def draw(axes: Axes, theme: Theme) -> None:
        share, n, at = counts / counts.sum(), counts.sum(), np.arange(len(counts))
        axes.bar(at, share, yerr=1.96 * np.sqrt(share * (1 - share) / n), color=theme.series[0], ecolor=theme.soft)
        axes.hlines(frequencies, at - 0.45, at + 0.45, color=theme.series[1], linewidth=2.5, label="real test images")
        axes.set(xlabel="digit, as the judges read it", ylabel="share of samples", ylim=(0, 1.35 * share.max()))
        axes.set_xticks(at)
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=_PERCENT))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=(1, 2, 5, 10)))
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
                    axes.text(left + share / 2, i, percent(share), ha="center", va="center", color=theme.ground)
                left += share
        axes.set_yticks(range(len(rows)), [title for title, _ in rows])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=_PERCENT))
        axes.grid(False)
        once = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.legend(once.values(), once.keys(), loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)

    return draw


def _mark_own(axes: Axes, theme: Theme, x: float, y: float) -> None:
    """A ring around the recipe's own setting."""
    axes.scatter(
        [x], [y], s=170, facecolors="none", edgecolors=theme.ink, linewidths=1.6, zorder=5, label="the recipe's"
    )


def _evaluations_axis(axes: Axes) -> None:
    """Powers of two, by the logarithm."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x)))


def _plain_numbers(axes: Axes) -> None:
    """0.01 instead of 10⁻² on a logarithmic axis, and at 2 and 5 between, or at all nine where a decade is not full."""
    if axes.get_yscale() == "log":
        low, high = axes.get_ylim()
        short = FuncFormatter(lambda y, _: number(y))
        axes.yaxis.set_major_formatter(short)
        axes.yaxis.set_minor_locator(LogLocator(subs="auto" if high / low < 4 else (2, 5)))
        axes.yaxis.set_minor_formatter(short)
