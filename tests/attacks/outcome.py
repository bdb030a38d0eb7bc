"""What becomes of one file on the whole path: built and captured or run, measured on few images, counted, and ranked.

An attack gains the categories that count in which it is ahead of an honest entry, by the rules of a new contest and by
more than chance.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from pathlib import Path

from flowleague.contest.counting import flags_of
from flowleague.contest.events import Found
from flowleague.contest.verdict import entry_of, published_rules
from flowleague.data import load_training
from flowleague.entrant.code import open_entry
from flowleague.entrant.model import Array, Model
from flowleague.errors import FlowLeagueError
from flowleague.judge.evidence import Plan, load_real
from flowleague.judge.judges import load_judges
from flowleague.judge.measure import measure_model
from flowleague.limits import Limits
from flowleague.ranking.counted import counted
from flowleague.ranking.field import NOTHING, Entry
from flowleague.ranking.findings import Consequence
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule
from flowleague.scorecard.card import Scorecard
from flowleague.shipped import FOLDER

PLAN = Plan("attacks", samples=400, decoded=100, manifold=400, neighbours=100, timed=100, turns=2)
_CAPTURED_ON = 500  # training images
_CHANCE = 4.0  # standard errors
_LIMITS = Limits(start_seconds=180, call_seconds=180, output_kib=16)


@dataclass(frozen=True)
class Outcome:
    """How a file was measured ("run", "captured", or "not tried"), the card, what costs it, and what it is ahead in.

    What cannot be built is no entry, so that nothing is known of what it would gain: it was not tried.

    `costs` are findings with a consequence, `aside` says why an entry moves nobody, `ahead` names categories, and
    `escaped` is what it printed where it got at something.
    """

    kind: str
    why: str = ""
    card: Scorecard | None = None
    costs: tuple[str, ...] = ()
    aside: str = ""
    ahead: tuple[str, ...] = ()
    escaped: str = ""

    @property
    def gains(self) -> bool:
        """Whether it is ahead in anything that counts, or got at something."""
        return bool(self.escaped or (self.ahead and not self.aside))

    @property
    def verdict(self) -> str:
        """What came of it in a word: "gains", "held" or "untried"."""
        return "gains" if self.gains else "held" if self.card else "untried"

    def value(self, metric: str) -> float | None:
        """A figure of the card."""
        return self.card.metrics()[metric].value if self.card else None

    def __str__(self) -> str:
        if self.escaped or not self.card:
            return f"{self.kind}: {self.escaped or self.why}"
        shown = {"numbers": "efficiency.tensors_total", "MSE": "reconstruction.mse", "Frechet": "quality.frechet"}
        figures = ", ".join(f"{name} {_short(self.value(metric))}" for name, metric in shown.items())
        found = ", ".join(dict.fromkeys(finding.name for finding in self.card.findings)) or "no finding"
        ranked = f"set aside: {self.aside}" if self.aside else f"ahead in {', '.join(self.ahead) or 'nothing'}"
        costs = f" ({', '.join(self.costs)} cost it)" if self.costs else ""
        return f"{self.kind}; {ranked}; {figures}; {found}{costs}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"


class Ground:
    """Digits, judges and an honest entry: what every file is held against."""

    def __init__(self) -> None:
        self.digits, self.judges, self.rules = load_real("mnist", PLAN), load_judges("mnist"), published_rules("mnist")
        self._training = load_training().train.pixels(_CAPTURED_ON)

    def training(self) -> Array:
        """The images to capture on."""
        return self._training

    @cached_property
    def honest(self) -> Scorecard:
        """The card of a shipped model."""
        with open_entry(FOLDER / "base.zip") as model:
            return self.measured(model)

    def measured(self, model: Model) -> Scorecard:
        """The card of a model on few images."""
        return measure_model(model, self.digits, self.judges, "mnist")

    def as_counted(self, card: Scorecard, team: str) -> Entry:
        """An entry as a contest counts it."""
        found = [Found(name=one.name, category=one.category, sentence=one.sentence) for one in card.findings]
        ran = any(one.name == "not_captured" for one in card.findings)
        aside = "its code was run" if ran and self.rules.entries.code != "ranked" else ""
        entry = replace(entry_of(card), id=team, team=team, flags=tuple(flags_of(found)), aside=aside)
        references = {name: m.reference for name, m in self.honest.metrics().items() if m.reference is not None}
        rules = self.rules
        return counted(entry, references, rules.fairness, rules.categories, rules.ranking.scheme)

    def outcome(self, path: Path) -> Outcome:
        """What becomes of a file; weights are those that lie beside it."""
        weights = path.parent if any(path.parent.glob("*.safetensors")) else None
        try:
            with open_entry(path, limits=_LIMITS, weights=weights, training=self.training) as model:
                if model.failure:
                    return Outcome("not tried", model.failure.sentence, escaped=_escape(model))
                card, escaped = self.measured(model), _escape(model)
        except FlowLeagueError as error:
            return Outcome("not tried", str(error))
        attack, honest = self.as_counted(card, "attack"), self.as_counted(self.honest, "honest")
        standings = rank([attack, honest], self.rules.categories, self.rules.ranking.scheme, "share")
        places = next(row.category_places for row in standings.rows if row.entry is attack)
        ahead = [
            rule for rule in self.rules.categories if places[rule.name] == 1 and _surely_ahead(rule, attack, honest)
        ]
        return Outcome(
            "run" if any(one.name == "not_captured" for one in card.findings) else "captured",
            card=card,
            costs=tuple(flag.name for flag in attack.flags if flag.consequence is not Consequence.NOTE),
            aside=attack.aside,
            ahead=tuple(rule.name for rule in ahead),
            escaped=escaped,
        )


def _escape(model: Model) -> str:
    """The line in which an entry tells that it got at something, if there is one."""
    return next((line for line in model.said().splitlines() if "ESCAPED" in line), "")


def _surely_ahead(rule: CategoryRule, attack: Entry, honest: Entry) -> bool:
    """Whether an entry is ahead in a metric of a category by more than chance."""
    for metric in rule.metrics:
        one, other = (entry.metrics.get(f"{rule.name}.{metric.name}", NOTHING) for entry in (attack, honest))
        if one.value is None or other.value is None:
            continue
        better = one.value - other.value if metric.direction == "higher" else other.value - one.value
        if better > _CHANCE * hypot(one.error, other.error):
            return True
    return False
