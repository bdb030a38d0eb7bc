"""The section on performance: the scorecard by category, findings, and the class of 2025 beside it."""

from flowleague.edition2025.compare import beside_2025
from flowleague.report.content import Section, Table
from flowleague.report.missing import Missing
from flowleague.scorecard.card import Metric, Scorecard
from flowleague.scorecard.metrics import CATEGORIES, CategoryKind
from flowleague.text import figure, number

ID, _TITLE = "performance", "Performance in the six categories"
HEAD = ["metric", "value ± s.e.", "real images", "unit", "images"]
_ARROWS = {"lower": "↓", "higher": "↑", "shown": ""}


def performance(card: Scorecard | Missing) -> Section:
    """The section; without a scorecard, a note that says why."""
    if isinstance(card, Missing):
        return Section(id=ID, title=_TITLE, notes=[str(card)])
    said = ["↓ lower is better, ↑ higher is better; ± is one standard error. Beside a gap stands the floor it has for "
            "real images."]  # fmt: skip
    if card.plan != "full":
        said.append(f"Measured with the plan `{card.plan}`, which reads few images: good for a look, not for a claim.")
    notes = [f"{finding.category}, {finding.name}: {finding.sentence} {finding.hint}" for finding in card.findings]
    tables, found = [], card.metrics()
    for category in CATEGORIES:
        tables += _tables_of(category, found)
    place = places(card)
    return Section(id=ID, title=_TITLE, paragraphs=said, notes=notes, tables=[*tables, *([place] if place else [])])


def _tables_of(category: CategoryKind, found: dict[str, Metric]) -> list[Table]:
    """The ranked metrics of a category, and, to be opened, those that are only shown."""
    rows: dict[bool, list[list[str]]] = {True: [], False: []}
    for kind in category.metrics:
        metric = found[f"{category.name}.{kind.name}"]
        value = metric.reason if metric.value is None else figure(metric.value, metric.standard_error)
        rows[kind.direction != "shown"].append(
            [
                f"{kind.title} {_ARROWS[kind.direction]}".strip(),
                value,
                "" if metric.reference is None else number(metric.reference),
                kind.unit if kind.unit != "1" else "",
                number(metric.n) if metric.n else "",
            ]
        )
    tables = [Table(title=category.title, head=HEAD, rows=rows[True])]
    if rows[False]:
        tables.append(Table(title=f"Shown, not ranked: {category.title}", head=HEAD, rows=rows[False], folded=True))
    return tables


def places(card: Scorecard) -> Table | None:
    """Where the comparable figures would stand in the class of 2025; None for other digits or without a figure."""
    found = beside_2025(card)
    if not found:
        return None
    rows = [
        [s.column.name, number(s.value), f"{s.place} of {s.of}", f"{number(s.best)} ({s.best_team})"] for s in found
    ]
    return Table(title="Beside the class of 2025", head=["column", "value", "place", "best of the class"], rows=rows)
