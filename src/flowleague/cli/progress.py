"""How a training is watched: two lines drawn in place on a terminal, one line a validation elsewhere."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowleague.cli.layout import console, is_terminal, say, width
from flowleague.text import duration, number, percent

if TYPE_CHECKING:
    from flowleague.training.run import Report

_BAR = 10  # characters that a bar has at least


def draw_progress(reports: "Iterator[Report]", stages: Sequence[str] = ()) -> None:
    """Consume the reports of a training of these stages, and draw how far it is; print a line a stage at the end.

    Without a terminal a line is printed for each validation instead, so that a log tells how far a run is.
    """
    from rich.live import Live

    terminal = is_terminal()
    last: dict[str, Report] = {}
    with Live(console=console(), auto_refresh=False, transient=True) as live:
        for report in reports:
            before = last.get(report.stage)
            if terminal:
                live.update(drawn(report, stages), refresh=True)
            elif report.validation and (before is None or report.validation != before.validation):
                say(f"{report.stage}: {_validated(report)}")
            last[report.stage] = report
    for stage, report in last.items():
        done = f"{number(report.images)} images in {number(round(report.seconds))} s"
        say(f"{stage}: {done}; on validation: {_figures(report)}")


def drawn(report: "Report", stages: Sequence[str] = ()) -> str:
    """Two lines on a training: which stage, a bar, what is left; then what fits of loss, validation and speed."""
    share = report.images / report.of_images
    place = f"{stages.index(report.stage) + 1} of {len(stages)}  " if report.stage in stages else ""
    left = report.seconds * (1 / share - 1) if share else 0
    head, tail = f"{place}{report.stage}  ", f"  {percent(round(share, 2))}  {duration(left)} left"
    room = max(width() - len(head) - len(tail) - 1, _BAR)
    full = round(share * room)
    speed = f"{number(round(report.images / max(report.seconds, 1e-9)))} images/s"
    said = [f"loss {number(report.loss)}", *([f"validation {_figures(report)}"] if report.validation else []), speed]
    while len("  ".join(said)) > width() and len(said) > 1:
        said.pop()
    return f"{head}{'#' * full}{'-' * (room - full)}{tail}\n{'  '.join(said)}"


def _validated(report: "Report") -> str:
    done = f"{number(report.images)} of {number(report.of_images)} images, {number(round(report.seconds))} s"
    return f"{done}, loss {number(report.loss)}; on validation: {_figures(report)}"


def _figures(report: "Report") -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in report.validation.items())
