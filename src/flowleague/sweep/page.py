"""The page of a sweep: one file without a script, which asks no other host for anything, and the front as a picture."""

import base64
import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flowleague.files import write_atomically
from flowleague.pages import check_is_ours, packaged, templates
from flowleague.sweep.chart import STYLE, Axis, Point, axis, chart, names
from flowleague.sweep.result import RANKS, Result, Trial
from flowleague.sweep.runs import settings
from flowleague.sweep.space import Dial, as_set
from flowleague.text import counted, figure, number, percent, short

PAGE, PICTURE = "index.html", "front.svg"
MARK = '<meta name="generator" content="FlowLeague sweep">'
_MOST_OBJECTIVES = 3  # whose pairs are drawn


def write_page(found: Result, folder: Path) -> list[Path]:
    """Write the page and, where there are trials, the picture of the front; returns their paths.

    Raises `OutputError` when the folder cannot be written, or a page there is not ours.
    """
    check_is_ours(folder, {PAGE: MARK}, "flowleague sweep")
    style = packaged("flowleague.sweep", "site/sweep.css") + STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    site = templates("flowleague.sweep", "site", {"number": number, "percent": percent, "short": short})
    shown: dict[str, Any] = {
        "generator": Markup(MARK),
        "style": Markup(style),
        "digest": digest,
        "found": found,
        "plan": found.plan,
        "lead": lead(found),
        "heads": list(titles(found).values()),
        "figures": lambda trial: [figure(one.value or 0.0, one.error) for one in trial.figures],
        "dials": lambda trial: [_shown(trial.values[dial.key]) for dial in found.plan.dials],
        "command": command(found, found.chosen) if found.chosen else "",
        "importance": _importance(found),
        "important_for": [titles(found).get(name, name) for name in found.importance],
        "fronts": _fronts(found),
        "by_dial": [(dial, _by_dial(found, dial)) for dial in found.plan.dials] if found.trials else [],
    }
    written = {folder / PAGE: site.get_template("sweep.html").render(shown)}
    if found.trials:
        written[folder / PICTURE] = str(_picture(found))
    for path, text in written.items():
        write_atomically(path, text.encode())
    return list(written)


def lead(found: Result) -> str:
    """What was done, in a sentence."""
    seeds = counted(len(found.plan.seeds), "seed")
    said = f"{counted(len(found.trials), 'trial')} with {seeds} each"
    said += f", {number(found.plan.budget)} s of training each" if found.plan.budget else ""
    said += f"; {len(found.front):,} on the front" if found.trials else ""
    return said + (f"; {counted(len(found.failed), 'trial')} failed." if found.failed else ".")


def titles(found: Result) -> dict[str, str]:
    """What people call the objectives, by metric."""
    return {one.metric: one.title for one in found.plan.objectives}


def command(found: Result, trial: Trial) -> str:
    """The command that trains a trial in full: with the recipe's own numbers of images, and no budget."""
    recipe = found.plan.recipe
    words = [
        "flowleague",
        "train",
        recipe,
        *settings(trial.values),
        "--out",
        f"runs/{Path(recipe).stem}-{trial.number}",
    ]
    return " ".join(f"'{word}'" if " " in word else word for word in words)


def in_words(trial: Trial) -> str:
    """The values of a trial's dials."""
    return ", ".join(f"{key} {_shown(value)}" for key, value in trial.values.items())


def _shown(value: object) -> str:
    if isinstance(value, bool | str):
        return as_set(value)
    return number(value, 3) if isinstance(value, int | float) else str(value)


def _importance(found: Result) -> list[tuple[str, list[tuple[float, str]]]]:
    """A row for each dial: its shares, as widths of bars and as text; the most important for the rank sum first."""
    order = found.importance.get(RANKS) or next(iter(found.importance.values()), {})
    keys = sorted((dial.key for dial in found.plan.dials), key=lambda key: -order.get(key, 0.0))
    shares = [(key, [dials.get(key, 0.0) for dials in found.importance.values()]) for key in keys]
    return [(key, [(round(60 * share, 1), percent(share)) for share in row]) for key, row in shares]


def _point(found: Result, trial: Trial, at: Sequence[tuple[float, float]]) -> Point:
    """A trial on a chart, at two values with their standard errors."""
    chosen = found.chosen
    kind = "chosen" if chosen and trial.number == chosen.number else "front" if trial.on_front else "trial"
    said = [f"{one.title} {figure(m.value or 0.0, m.error)}" for one, m in _pairs(found, trial)]
    said.append(in_words(trial))
    (x, x_error), (y, y_error) = at
    return Point(x, y, x_error, y_error, f"Trial {trial.number}: {', '.join(said)}", kind, f"trial-{trial.number}")


def _pairs(found: Result, trial: Trial) -> zip:
    return zip(found.plan.objectives, trial.figures, strict=True)


def _objective_axis(found: Result, i: int) -> Axis:
    objective = found.plan.objectives[i]
    better = "lower is better" if objective.goal == "minimise" else "higher is better"
    return axis(f"{objective.title} ({better})", [trial.figures[i].value or 0.0 for trial in found.trials])


def _front(found: Result, i: int, j: int, alone: bool = False) -> Markup:
    """Two objectives against each other."""
    points = [
        _point(found, trial, [(trial.figures[k].value or 0.0, trial.figures[k].error) for k in (i, j)])
        for trial in found.trials
    ]
    x, y = _objective_axis(found, i), _objective_axis(found, j)
    two = len(found.plan.objectives) == 2
    label = f"{y.title} against {x.title}, a point for each trial; those of the front are links to their rows."
    return chart(x, y, points, label, way=two, alone=alone)


def _fronts(found: Result) -> list[Markup]:
    """The objectives against each other, by pairs; nothing for a single one, whose charts are those of the dials."""
    if not found.trials:
        return []
    some = range(min(len(found.plan.objectives), _MOST_OBJECTIVES))
    return [_front(found, i, j) for i, j in itertools.combinations(some, 2)]


def _picture(found: Result) -> Markup:
    """The front as a picture of its own: the first two objectives, or the first dial and the only one."""
    if len(found.plan.objectives) > 1:
        return _front(found, 0, 1, alone=True)
    return _dial_chart(found, found.plan.dials[0], 0, alone=True)


def _by_dial(found: Result, dial: Dial) -> list[Markup]:
    """Every objective by a dial."""
    return [_dial_chart(found, dial, i) for i in range(len(found.plan.objectives))]


def _dial_chart(found: Result, dial: Dial, i: int, alone: bool = False) -> Markup:
    if dial.choices:
        x = names(dial.key, list(map(as_set, dial.choices)))
        at = {trial.number: float(dial.choices.index(trial.values[dial.key])) for trial in found.trials}
    else:
        at = {trial.number: float(trial.values[dial.key]) for trial in found.trials}
        x = axis(dial.key, [float(dial.low), float(dial.high)], dial.log)
    y = _objective_axis(found, i)
    points = [
        _point(found, trial, [(at[trial.number], 0.0), (trial.figures[i].value or 0.0, trial.figures[i].error)])
        for trial in found.trials
    ]
    return chart(x, y, points, f"{y.title} by {dial.key}, a point for each trial.", alone=alone)
