"""The sections on performance: in short, and the scorecard by category with findings and the class of 2025."""

from flowleague.contest.verdict import among_references
from flowleague.contest.verdict_words import advice_sentences, place_sentence
from flowleague.edition2025.compare import beside_2025
from flowleague.report.content import Section, Table
from flowleague.report.missing import Missing
from flowleague.scorecard.card import Metric, Scorecard
from flowleague.scorecard.metrics import CATEGORIES, METRICS, CategoryKind
from flowleague.text import figure, listed, number

IN_SHORT = "In short"
ID, _TITLE = "performance", "Performance in the six categories"
HEAD = ["metric", "value ± s.e.", "real images", "unit", "images"]
_ARROWS = {"lower": "↓", "higher": "↑", "shown": ""}


def in_short(card: Scorecard | Missing) -> Section:
    """Where the model stands, its best and weakest category, what would gain most, what was found: as `score` says."""
    if isinstance(card, Missing):
        return Section(id="in-short", title=IN_SHORT, notes=[str(card)])
    found, among = among_references(card)
    said = [place_sentence(found), *advice_sentences(found)] if found else [_first_figures(card)]
    notes = [f"Found, and told below: {listed(f.name for f in card.findings)}."] if card.findings else []
    return Section(id="in-short", title=IN_SHORT, paragraphs=[*said, among], notes=notes)


def _first_figures(card: Scorecard) -> str:
    """The first metric of each category, where a value was measured, for a card that has no place."""
    found = card.metrics()
    firsts = [f"{category.name}.{category.metrics[0].name}" for category in CATEGORIES]
    values = [(METRICS[name].label, found[name]) for name in firsts if found[name].value is not None]
    return f"{'; '.join(f'{label} {figure(m.value or 0, m.standard_error)}' for label, m in values)}."


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
