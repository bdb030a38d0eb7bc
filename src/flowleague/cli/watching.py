"""How `contest evaluate` is watched: a bar and what is under way on a terminal, one line for each event elsewhere."""

import statistics
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from flowleague.cli.layout import console, is_terminal, say, width
from flowleague.cli.progress import bar
from flowleague.contest.events import Failure, Measurement
from flowleague.text import counted, duration, listed, percent

if TYPE_CHECKING:
    from flowleague.contest.folder import Contest
    from flowleague.contest.state import Submission
    from flowleague.contest.watching import Present

_BY_ENTRIES, _BY_EVALUATOR = 1, 2  # the exit status says whose fault it is that something could not be measured
_DRAWN_EVERY = 0.5  # seconds
_BAR = 20  # characters


def preview(contest: "Contest", wait: "Sequence[Submission]", at_a_time: int, each: float | None) -> str:
    """What is said before the first entry is measured: how many, how many of them again, and about how long."""
    from flowleague.contest.watching import seconds_left

    measured = contest.state.measured[-1]
    again = sum(isinstance(measured.get(entry.id), Failure) for entry in wait)
    said = f"{counted(len(wait), 'entry', 'entries')} to measure"
    said += f", {again} of them once more" if again else ""
    said += f", {at_a_time} at a time"
    if each is None:
        most = duration(contest.rules.evaluation.wall_seconds)
        return f"{said}. How long one takes is seen after the first; it may take {most}."
    return f"{said}, about {duration(seconds_left(each, len(wait), (), at_a_time))}."


class Watch:
    """Says what becomes of each entry, how many are done, and about how long the rest takes; draws it on a terminal."""

    def __init__(self, total: int, at_a_time: int, each: float | None) -> None:
        from rich.live import Live

        self._total, self._at_a_time, self._each = total, at_a_time, each
        self._began, self._looked = time.monotonic(), float("-inf")
        self._present: dict[str, Present] = {}
        self._took: list[float] = []
        self._done = self._failed = 0
        self._live = Live(console=console(), auto_refresh=False, transient=True)

    def __enter__(self) -> "Watch":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()
        if kind is KeyboardInterrupt:
            say(f"Stopped after {self._done} of {self._total}; the same command goes on with the rest.")

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def see(self, present: "Sequence[Present]") -> None:
        """Take in what is under way now."""
        from rich.text import Text

        for one in present:
            if one.id not in self._present and not is_terminal():
                say(f"{one.id} of {one.team}: begun")
        self._present = {one.id: one for one in present}
        if is_terminal() and time.monotonic() - self._looked > _DRAWN_EVERY:
            self._looked = time.monotonic()
            self._live.update(Text("\n".join(self.drawn())), refresh=True)

    def tell(self, team: str, measured: Measurement) -> None:
        """Say the outcome of an entry as soon as it is done."""
        self._done += 1
        self._total = max(self._total, self._done)  # others came in meanwhile
        was = self._present.pop(measured.id, None)
        if isinstance(measured, Failure):
            self._failed += 1
            what = f"not measured. {measured.reason}"
        else:
            self._took += [was.seconds] if was else []
            what = f"measured{f' in {duration(was.seconds)}' if was else ''}"
            what += f", {counted(len(measured.found), 'finding')}" if measured.found else ""
        say(f"{measured.id} of {team}: {what} ({self._done} of {self._total}{self._left()})")

    def drawn(self) -> list[str]:
        """A bar over all entries with their counts, then a line for each that is under way; none is too long."""
        stages = [(one, *one.stage()) for one in self._present.values()]
        share = (self._done + sum(share for _, _, share in stages)) / max(self._total, 1)
        wait = max(self._total - self._done - len(stages), 0)
        failed = f", {self._failed} failed" if self._failed else ""
        head = f"{self._done} of {self._total} done{failed}, {len(stages)} under way, {wait} wait{self._left()}"
        lines = [f"{bar(share, _BAR)}  {head}" if len(head) + _BAR + 2 <= width() else head]
        for one, stage, part in stages:
            lines.append(f"now  {one.id[:6]}  {stage} {percent(round(part, 2))}  {duration(one.seconds)}  {one.team}")
        return [line if len(line) <= width() else f"{line[: width() - 1]}…" for line in lines]

    def _left(self) -> str:
        from flowleague.contest.watching import seconds_left

        each = statistics.median(self._took) if self._took else self._each
        rest = self._total - self._done
        if each is None or not rest:
            return ""
        present = list(self._present.values())
        return f", about {duration(seconds_left(each, rest - len(present), present, self._at_a_time))} left"


def conclude(done: Sequence[Measurement], contest: "Contest", seconds: float) -> int:
    """Say how many were measured and how many were not, whose, and by whose fault; returns the exit status."""
    from flowleague.contest.evaluate import is_own_fault

    failed = [one for one in done if isinstance(one, Failure)]
    ours = [one for one in failed if is_own_fault(one)]
    theirs = [one for one in failed if not is_own_fault(one)]
    said = [f"{len(done) - len(failed)} measured in {duration(seconds)}"]
    if theirs:
        said.append(f"{len(theirs)} could not be measured: what the entry must mend stands above")
    if ours:
        said.append(f"{len(ours)} not measured because the evaluator or this machine failed: --retry tries again")
    say("; ".join(said) + ".")
    for who, what in ((theirs, "To be mended"), (ours, "To be tried again")):
        if who:
            say(f"{what}: {listed(dict.fromkeys(_team(contest, one) for one in who))}.")
    return (_BY_EVALUATOR if ours else _BY_ENTRIES) if failed else 0


def _team(contest: "Contest", measured: Measurement) -> str:
    entry = contest.state.submissions.get(measured.id)
    return entry.team if entry else measured.id
