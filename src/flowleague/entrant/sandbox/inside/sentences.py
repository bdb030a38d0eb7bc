"""What the contestant reads: what was left out, and why an entry is refused."""

import os
import sys
from collections.abc import Iterable
from typing import Any

import slicing
import standins
import units

SHOWN = 4
_ENDS = {"memory": "out_of_memory", "ended": "ended", "late": "too_slow", "cpu": "cpu_limit"}
DRAWS = {"plt", "sns", "fig", "ax", "axes", "px"}


def left_out(sliced: slicing.Slice) -> str:
    """The note on what was left out, empty where nothing was."""
    gone = [unit for position, unit in enumerate(sliced.units) if position not in sliced.kept]
    gone = [unit for unit in gone if unit.kind not in ("import",)] or gone
    count = sum(1 for position in range(sliced.end) if position not in sliced.kept)
    if not count:
        return ""
    places: dict[str, str] = {}
    for unit in sorted(gone, key=lambda unit: not unit.trains):
        where = sliced.cells.where(unit)
        places[where] = places.get(where) or _what(unit)
    told = [f"{where} ({what})" if what else where for where, what in list(places.items())[:SHOWN]]
    return f"Left out: {count} of {sliced.end} statements, among them {', '.join(told)}."


def _what(unit: units.Unit) -> str:
    if unit.trains:
        return "training"
    if (
        {root for root, _, _ in unit.does.changes} & DRAWS
        or ".imshow" in unit.does.called
        or ".plot" in unit.does.called
    ):
        return "plots"
    return "print" if "print" in unit.does.called else ""


def untried(sliced: slicing.Slice) -> str:
    """The remark that attempt B came to nothing."""
    gone = [
        unit for position, unit in enumerate(sliced.units) if position not in sliced.kept and unit.kind == "statement"
    ]
    places = list(dict.fromkeys(sliced.cells.where(unit) for unit in gone))[:SHOWN]
    return f"Left-out statements could not be tried: {', '.join(places)}."


def _training_places(sliced: slicing.Slice) -> str:
    """Where the file trains."""
    places = list(dict.fromkeys(sliced.cells.where(unit) for unit in sliced.units if unit.trains))
    return _joined(places[:SHOWN]) or "this file"


def trained(sliced: slicing.Slice, stale: dict[str, int]) -> str:
    """Parts that are trained in the file and not loaded."""
    verb = "is" if len(stale) == 1 else "are"
    return (
        f"{_parts(stale)} in SubmissionInterface {verb} trained by {_training_places(sliced)}, which is not run here."
    )


def untrained(sliced: slicing.Slice, random: dict[str, int]) -> str:
    """Numbers that depend on the seed, in a file that trains."""
    count = sum(random.values())
    return (
        f"{count:,} numbers of {_parts(random)} are what they were before training ({_training_places(sliced)}), which "
        f"is not run here."
    )


def random_weights(random: dict[str, int]) -> str:
    """The remark on numbers that depend on the seed, in a file that does not train."""
    return (
        f"{sum(random.values()):,} numbers of {_parts(random)} are drawn at random: they were neither loaded nor set."
    )


def _parts(names: Iterable[str]) -> str:
    return _joined([f"`{name}`" for name in names])


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


_ADVICE = {
    "Error while deserializing header": " (It is no file of safetensors: read what torch.save wrote with torch.load.)",
    "Weights only load failed": " (It holds more than tensors: write weights_only=False.)",
}


def refused(sliced: slicing.Slice, report: Any) -> tuple[str, str]:
    """Name and sentence of a refusal, from the report of attempt A."""
    cells = sliced.cells
    unit = cells.units[report.position] if report.position >= 0 else None
    where = cells.where(unit) if unit else "SubmissionInterface"
    name = sliced.kept.get(report.position, "")
    held = f"`{name}` is set in {where}" if unit and name else f"{where[0].upper()}{where[1:]} is needed"
    if report.reason == "training" and not unit:
        return "trains_at_load", "SubmissionInterface trains when it is built, which is not done here."
    if report.reason == "training":
        return "set_in_training", f"{held}, which trains."
    if report.reason == "input":
        return "asks_input", f"{held}, which waits for input()."
    if report.reason == "data":
        return (
            "needs_data",
            f"{f'`{name}` ({where})' if name else where} is computed from the data set, which is not here.",
        )
    if report.reason == "name":
        return "missing_name", _missing_name(sliced, report, where)
    if report.reason == "file" and report.detail:
        return "missing_file", _missing_file(sliced, report)
    if report.reason == "module":
        return "missing_module", _missing_module(report, where)
    if report.reason == "wrong" and report.wrong == "no_interface":
        return ("broken_cell", _broken(cells)) if cells.broken else ("no_interface", report.said)
    if report.reason in _ENDS:
        return _ENDS[report.reason], report.said
    advice = next((way for words, way in _ADVICE.items() if words in report.said), "")
    return "raises", f"{report.said.partition('. ')[0]}{advice}" if advice else report.said


def _missing_name(sliced: slicing.Slice, report: Any, where: str) -> str:
    cells, name = sliced.cells, report.detail
    setters = [cells.where(cells.units[position]) for position in sliced.binds(name)]
    if setters:
        return f"`{name}` is used in {where} before {setters[0]} sets it."
    return f"`{name}` is nowhere set" + (f"; {_broken(cells)}" if cells.broken else ".")


def _broken(cells: units.Cells) -> str:
    told = [(f"cell {number}" if cells.notebook else "the file", why) for number, why in cells.broken.items()][:SHOWN]
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return "; ".join(f"{where} is not {python}: {why.rstrip('.')}" for where, why in told) + "."


def _missing_file(sliced: slicing.Slice, report: Any) -> str:
    name = os.path.basename(report.detail)
    for unit in sliced.units:
        if name in unit.does.literals or report.detail in unit.does.literals:
            where = sliced.cells.where(unit)
            if unit.does.saves:
                return f"It asks for `{name}`, which {where} saves."
            if unit.starts == "fetch":
                return f"It asks for `{name}`, which {where} would fetch, but nothing came."
    return f"It asks for `{name}`, which is not here."


def _missing_module(report: Any, where: str) -> str:
    module = report.detail.partition(".")[0]
    if not module:
        return report.said
    return f"`{module}` is needed by {where} and not here; here are {standins.HERE}. ({report.said})"
