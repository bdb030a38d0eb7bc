"""The comments under a pull request. Untrusted text stands only in code blocks.

Inside code GitHub reads no markup, HTML, link, mention or reference; a block's fence is longer than any run of
backticks in it. Everything outside of code is ours: words, and numbers that were parsed as numbers.
"""

import re
import textwrap
from datetime import datetime

from flowleague.contest.rules import Rules
from flowleague.contest.submit import shown
from flowleague.errors import printable
from flowleague.pulls.event import Pull, Run
from flowleague.scorecard.card import Scorecard
from flowleague.scorecard.metrics import METRICS
from flowleague.text import number

MARK = "<!-- flowleague -->"
_WIDTH = 100
_MOST_FINDINGS = 20
_AGAIN = "Push to the same branch, and it is evaluated again; this comment will follow."


def inline(text: object, most: int = 120) -> str:
    """Untrusted text as code inside a line."""
    plain = printable(text, most) or "?"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    return f"{fence} {plain} {fence}" if len(fence) > 1 else f"`{plain}`"


def block(*texts: object) -> str:
    """Sentences that may hold untrusted text, as a block of code, wrapped."""
    return _fenced([textwrap.fill(printable(text, 1000), _WIDTH, break_on_hyphens=False) or "?" for text in texts])


def page(text: str) -> str:
    """A text of many lines that may hold untrusted ones, as a block of code, its long lines wrapped."""
    return _fenced([textwrap.fill(printable(line, 1000), _WIDTH, break_on_hyphens=False) for line in text.splitlines()])


def _fenced(texts: list[str]) -> str:
    lines = "\n".join(texts)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", lines)), default=0))
    return f"{fence}text\n{lines}\n{fence}"


def measured(run: Run, pull: Pull, team: str, place: str, rules: Rules, card: Scorecard, late: bool) -> str:
    """The comment on an entry that was measured."""
    return _comment(
        "Measured",
        f"{inline(team)}, commit {pull.head[:12]}. {_sent(pull.sent, rules, late)}",
        f"It would take {place}." if place else "",
        table(card, rules),
        "Findings:" if card.findings else "",
        block(*findings(card)) if card.findings else "",
        f"Measured by {inline(card.evaluator)}, plan {inline(card.plan)}. {_download(run)}",
        "Next: the organiser decides whether it goes on the board.",
    )


def refused(pull: Pull, sentence: object) -> str:
    """The comment on a pull request that cannot be an entry as it is."""
    return _comment("Not taken", f"Commit {pull.head[:12]} cannot be taken as an entry:", block(sentence), _AGAIN)


def failed(run: Run, pull: Pull, team: str, *sentences: object) -> str:
    """The comment on an entry that could not be measured."""
    return _comment(
        "Not measured",
        f"{inline(team)}, commit {pull.head[:12]}, could not be measured. The evaluation said:",
        block(*sentences),
        f"{_download(run)} `flowleague score FILE` does the same on your machine.",
        _AGAIN,
    )


def without_result(run: Run, pull: Pull, sentence: object) -> str:
    """The comment when the evaluation left nothing that can be used."""
    return _comment(
        "No result",
        f"The evaluation of commit {pull.head[:12]} ended without a result that can be used:",
        block(sentence),
        f"[Its log]({run.url}) may say more. The organiser can run it again; that changes no time of sending.",
    )


def on_the_board(pull: Pull, team: str, id_: str, place: str, late: bool, feedback: str) -> str:
    """The comment on an entry that was approved, with what `flowleague contest feedback` says to its team."""
    takes = f"It takes {place}." if place else ""
    return _comment(
        "On the board",
        f"{inline(team)}, commit {pull.head[:12]}, is entry {inline(id_)}.",
        "It came after the closing: it is kept, and does not count." if late else takes,
        "The files are in the contest's folder now, so this pull request is closed without a merge. For the next "
        "entry, open another one.",
        "In full:",
        page(feedback),
    )


def table(card: Scorecard, rules: Rules) -> str:
    """The metrics that rank, as a table of numbers."""
    lines = ["| category | metric | better | value | ± | n | real images |", "|---|---|---|---:|---:|---:|---:|"]
    found = card.metrics()
    for category in rules.categories:
        for rule in category.metrics:
            name = f"{category.name}.{rule.name}"
            metric = found[name]
            words = (category.name.replace("_", " "), rule.name.replace("_", " "), METRICS[name].direction)
            numbers = (_number(metric.value), _number(metric.standard_error), number(metric.n))
            real = "" if metric.reference is None else _number(metric.reference)
            lines.append("| " + " | ".join([*words, *numbers, real]) + " |")
    return "\n".join(lines)


def findings(card: Scorecard) -> list[str]:
    """What was found in an entry, each once, in sentences that may hold its words."""
    said = (f"{each.name}: {each.sentence} {each.hint}" for each in card.findings)
    return list(dict.fromkeys(said))[:_MOST_FINDINGS]


def _comment(title: str, *parts: str) -> str:
    return "\n\n".join([f"{MARK}\n### {title}", *(part for part in parts if part)]) + "\n"


def _sent(sent: datetime, rules: Rules, late: bool) -> str:
    when = f"Sent {shown(sent, rules.time)}"
    return f"{when}, after the closing: it is kept, and does not count." if late else f"{when}, in time."


def _download(run: Run) -> str:
    return f"[Scorecard, report and what the entry printed]({run.url}#artifacts)."


def _number(value: float | None) -> str:
    return "missing" if value is None else number(value)
