"""Which statements to run: attempts in forked children, each on a fresh working directory, and the decision.

    A    the slice             A'   the same under another seed
    B    all statements, the left-out ones each in a `try`             B'   the same under another seed

| A                               | B                                            | taken                       |
|---------------------------------|----------------------------------------------|-----------------------------|
| built                           | the same outputs and attributes              | A                           |
| built                           | differs, and no number depends on the seed   | B: it ran more of the file  |
| built                           | differs at random, fails, or takes too long  | A, with a remark            |
| fails, not on training or data  | built                                        | B                           |
| else                            |                                              | refused with A's reason     |
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import building
import devices
import sentences
import slicing
import vocabulary
from building import Plan
from children import Report

TURNS = 6
_MOST_SPENT = 0.35  # of the time, by A, for the others to be built
_SECONDS_OF_ALL = 15.0  # for B
_FINAL = ("training", "data", "input")  # reasons of A that running more of the file does not mend


@dataclass
class Decision:
    """The plan to load, with remarks; or the name and sentence of a refusal."""

    plan: Plan | None = None
    remarks: list[str] = field(default_factory=list)
    refused: str = ""
    sentence: str = ""
    pace: float = 0.0  # see `children.Report`


def _differing(first: Report, second: Report) -> dict[str, int]:
    """Numbers of each part that differ between two builds."""
    found: dict[str, int] = {}
    for key, (digest, size) in first.numbers.items():
        if second.numbers.get(key, [None])[0] != digest:
            part = key.partition(".")[0]
            found[part] = found.get(part, 0) + size
    return found


def decide(sliced: slicing.Slice, attempt: Callable[[Plan, int, float | None], Report], seconds: float) -> Decision:
    """The decision of the table; `attempt(plan, seed, seconds)` builds once."""
    start = time.monotonic()
    first, plan = _grow(sliced, attempt, plan_of(sliced))
    if not first.built and first.reason in (*_FINAL, "late"):
        return refusal(sliced, first)
    taken, everything, remarks = (first, first, plan), Report(), []
    if time.monotonic() - start > _MOST_SPENT * seconds:
        remarks.append("It takes so long to build that nothing was checked by building it again.")
    else:
        if first.built and first.numbers:
            other = attempt(plan, 1, None)
            taken = (first, other if other.built else first, plan)
        if worth_trying(sliced) or (not first.built and len(sliced.kept) < sliced.end):
            limit = min(_SECONDS_OF_ALL, (seconds - (time.monotonic() - start)) / 3)
            everything, better, remark = _try_all(
                sliced, first, lambda all_of, seed: attempt(all_of, seed, limit), plan
            )
            taken = better or taken
            remarks += remark
    if not taken[0].built:
        return refusal(sliced, first)
    trains = first.stopped or everything.stopped or any(unit.trains for unit in sliced.units)
    return _checked(sliced, taken, everything.stale or first.stale, trains, remarks)


def _try_all(
    sliced: slicing.Slice, first: Report, attempt: Callable[[Plan, int], Report], plan: Plan
) -> tuple[Report, tuple[Report, Report, Plan] | None, list[str]]:
    """Attempts B and B': B's report, what to take instead of A if anything, and remarks."""
    plan = replace(plan, all=True)
    everything = attempt(plan, 0)
    if not everything.built:
        return everything, None, [sentences.untried(sliced)] if first.built else []
    if first.built and first.same(everything):
        return everything, None, []
    again = attempt(plan, 1)
    if again.built and (not first.built or everything.same(again)):
        remark = "All statements were run, because left-out ones change what is built."
        return everything, (everything, again, plan), [remark]
    return everything, None, [sentences.untried(sliced)] if first.built else []


def _checked(
    sliced: slicing.Slice, taken: tuple[Report, Report, Plan], stale: dict[str, int], trains: bool, remarks: list[str]
) -> Decision:
    """What was taken, unless its weights are those from before a training."""
    random = _differing(taken[0], taken[1])
    if stale:
        return Decision(refused="trains_at_load", sentence=sentences.trained(sliced, stale))
    if random and trains:
        return Decision(refused="untrained", sentence=sentences.untrained(sliced, random))
    remarks += [sentences.random_weights(random)] if random else []
    return Decision(plan=taken[2], remarks=remarks, pace=taken[0].pace)


def plan_of(sliced: slicing.Slice) -> Plan:
    """The plan of the slice."""
    lenient = set(sliced.kept) - sliced.strict - sliced.tried
    defined = {name for unit in sliced.cells.units for name in unit.binds}
    used = {name for position in sliced.kept for name in (*sliced.units[position].now, *sliced.units[position].late)}
    given = [name for name in building.GIVEN if name in used and name not in defined]
    kept, tried, free = (
        sum(1 << position for position in held) for held in (sliced.kept, sliced.tried - sliced.strict, lenient)
    )
    return Plan(kept, tried, free, given=given)


def worth_trying(sliced: slicing.Slice) -> bool:
    """Whether any left-out statement might change what was kept; imports, constants and definitions do not."""
    for position, unit in enumerate(sliced.units):
        called = unit.does.called - vocabulary.HARMLESS
        if position not in sliced.kept and (unit.does.changes or called or unit.does.bound):
            return True
    return False


def _grow(sliced: slicing.Slice, attempt: Callable[..., Report], plan: Plan) -> tuple[Report, Plan]:
    """Attempt A, with what turns out to be missing added, as long as each turn adds something."""
    report = attempt(plan, 0, None)
    for _ in range(TURNS):
        grown, cpu, places, moved = False, plan.cpu, plan.places, plan.moved
        if report.reason == "name":
            grown = sliced.need(report.detail)
        elif report.place and report.place not in places:
            grown, places = True, [*places, report.place]
        elif stands := next((p for p in map(sliced.path_to, _paths(report)) if p and p not in moved), ""):
            grown, moved = True, [*moved, stands]
        elif report.reason == "file":
            grown = sliced.hold(os.path.basename(report.detail)) or sliced.hold(report.detail)
        elif not cpu and devices.ASKS.search(" ".join([report.said, *report.outputs.values()])):
            grown = cpu = True
        if not grown:
            break
        plan = replace(plan_of(sliced), cpu=cpu, places=places, moved=moved)
        report = attempt(plan, 0, None)
    return report, plan


def _paths(report: Report) -> list[str]:
    """Paths at which an attempt looked in vain for what was handed in."""
    return [*report.asked, *([report.detail] if report.reason == "file" else [])]


def refusal(sliced: slicing.Slice, report: Report) -> Decision:
    """The refusal for A's reason."""
    name, sentence = sentences.refused(sliced, report)
    return Decision(refused=name, sentence=sentence)
