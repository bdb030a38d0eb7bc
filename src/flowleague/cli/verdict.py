"""The answer of `flowleague score`: where an entry places, why, and what to do next. It fits 60 columns."""

from pathlib import Path

from rich import box
from rich.markup import escape
from rich.table import Table

from flowleague.cli import layout
from flowleague.cli.tables import print_scorecard
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import standing_of
from flowleague.contest.verdict import CategoryPlace, Verdict, among_references, rough, verdict
from flowleague.contest.verdict_words import SHORT, advice_sentences, place_sentence
from flowleague.edition2025.compare import beside_2025
from flowleague.scorecard.card import Scorecard
from flowleague.scorecard.metrics import METRICS
from flowleague.text import figure, listed, number, ordinal

_WIDE = 88  # columns from which on the metric behind a value has a column of its own
HINTS = (
    ("--all", "every metric, with its n and its error"),
    ("-C CONTEST", "your place in a contest"),
    ("--json", "this answer for programs"),
)


def answer(card: Scorecard, contest: Path | None, everything: bool, as_json: bool) -> None:
    """Print where a card places: in a contest, or among the reference entries where these compare."""
    found, among = place_of(card, contest)
    if as_json:
        layout.print_json(found or {"place": None, "why": among})
        return
    if everything or not found:
        print_scorecard(card)
    if found:
        print_verdict(card, found, among)
    else:
        print_findings(card)
        layout.say(among)


def place_of(card: Scorecard, contest: Path | None) -> tuple[Verdict | None, str]:
    """The verdict on a card, and among which entries; None, and why, where nothing compares with it."""
    if contest:
        opened = open_contest(contest)
        entries = standing_of(opened).entries
        return verdict(card, entries, opened.rules), f"Among the entries of {opened.rules.name}.{rough(card)}"
    return among_references(card)


def print_verdict(card: Scorecard, found: Verdict, among: str) -> None:
    """Print the place of a card among others (`among` says which), by category, and its findings."""
    console = layout.console()
    console.print(escape(place_sentence(found)), style="bold")
    console.print(f"Lower is better. {escape(among)}\n")
    console.print(_table(found, console.width))
    console.print()
    if console.width < _WIDE:
        labels = ", ".join(METRICS[category.metric].label for category in found.categories)
        console.print(escape(f"The values are of {labels}."), style="dim")
    for line in advice_sentences(found):
        console.print(escape(line))
    if places := beside_2025(card):
        columns = ", ".join(f"{standing.column.name} {ordinal(standing.place)}" for standing in places)
        console.print(f"Beside the {places[0].of - 1} teams of 2025: {columns}.")
    print_findings(card)
    console.print(_counted(found), style="dim")
    for option, what in HINTS:
        console.print(f"  {option:<12}{what}")


def print_findings(card: Scorecard) -> None:
    """Print what is wrong with an entry, and what to do."""
    console = layout.console()
    if not card.findings:
        console.print("No findings.")
    for finding in card.findings:
        console.print(f"[bold red]{finding.category}: {finding.name}[/bold red] {escape(finding.sentence)}")
        console.print(f"  {escape(finding.hint)}")


def _table(found: Verdict, width: int) -> Table:
    """A row a category; the metric behind its value has a column where there is room for one."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    wide = width >= _WIDE
    table.add_column("", no_wrap=True)
    table.add_column("category", no_wrap=True)
    if wide:
        table.add_column("first metric", no_wrap=True)
    for column in ("value", "rank", "place", "true"):
        table.add_column(column, justify="right", no_wrap=column != "value")
    for category in found.categories:
        cells = ["!" if category is found.weakest else "", SHORT[category.name]]
        cells += [METRICS[category.metric].label] if wide else []
        place = f"{category.place}{'=' if category.shared else ''}"
        table.add_row(*cells, escape(_value(category)), number(category.rank), place, _span(category))
    table.add_section()
    sure = found.certainty
    total = ["", "sum", *([""] if wide else []), "", number(found.score), str(found.place)]
    table.add_row(*total, str(sure.low) if sure.low == sure.high else f"{sure.low} to {sure.high}", style="bold")
    return table


def _value(category: CategoryPlace) -> str:
    measured = category.measured
    return measured.reason if measured.value is None else figure(measured.value, measured.standard_error)


def _span(category: CategoryPlace) -> str:
    return str(category.low) if category.low == category.high else f"{category.low} to {category.high}"


def _counted(found: Verdict) -> str:
    names = listed(METRICS[name].label for name in found.ranked) if len(found.ranked) < 4 else ""
    ranked = names or f"{len(found.ranked)} metrics"
    return (
        f"{ranked} rank, {len(METRICS) - len(found.ranked)} are only shown. true: the places that the noise allows, "
        "95 %; =: shared; !: the weakest."
    )
