"""How training and scoring are watched: in place on a terminal; elsewhere training says a line a validation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowleague.cli.layout import console, is_terminal, say, width
from flowleague.text import duration, number, percent

if TYPE_CHECKING:
    from flowleague.judge.measure import Progress
    from flowleague.training.run import Report

_BAR = 10  # characters that a bar has at least


@contextmanager
def progress_bar(file: Path | None = None) -> "Iterator[Progress]":
    """A progress bar: yields a function of what is being measured and the share done. Shown only on a terminal.

    Whoever started this process may read the same in `file`: the share, then what. Rich also draws a bar if FORCE_COLOR
    is set, as notebooks do, and then fills a file with every step.
    """
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description:>20}"), bars.BarColumn(), bars.TaskProgressColumn())
    with bars.Progress(*columns, bars.TimeElapsedColumn(), transient=True, disable=not is_terminal()) as progress:
        task = progress.add_task("", total=1.0)

        def tell(what: str, share: float) -> None:
            progress.update(task, description=what, completed=share)
            if file:
                file.write_text(f"{share:.3f} {what}", encoding="utf-8")

        yield tell


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
    speed = f"{number(round(report.images / max(report.seconds, 1e-9)))} images/s"
    said = [f"loss {number(report.loss)}", *([f"validation {_figures(report)}"] if report.validation else []), speed]
    while len("  ".join(said)) > width() and len(said) > 1:
        said.pop()
    return f"{head}{bar(share, room)}{tail}\n{'  '.join(said)}"


def bar(share: float, room: int) -> str:
    """A bar of so many characters.

    >>> bar(0.25, 8)
    '##------'
    """
    full = round(share * room)
    return "#" * full + "-" * (room - full)


def _validated(report: "Report") -> str:
    done = f"{number(report.images)} of {number(report.of_images)} images, {number(round(report.seconds))} s"
    return f"{done}, loss {number(report.loss)}; on validation: {_figures(report)}"


def _figures(report: "Report") -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in report.validation.items())
