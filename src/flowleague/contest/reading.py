"""Reading contest.toml: the rules, checked; every fault is one sentence that names the line."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from flowleague.contest.rules import (
    Awards,
    CategoryRule,
    Direction,
    EfficientArchitecture,
    EntryRules,
    Evaluation,
    MetricRule,
    OpenInnovation,
    Positive,
    Rules,
    Scheme,
    SustainableAI,
    Text,
    Threshold,
    Ties,
    Times,
)
from flowleague.contest.toml import Keys, RulesError, line_of, parse_toml, read_text
from flowleague.errors import LimitsError
from flowleague.limits import parse_limits
from flowleague.scorecard.metrics import CATEGORIES, METRICS

RULES_FILE = "contest.toml"
CHOICES = {"scheme": get_args(Scheme), "ties": get_args(Ties), "plan": ("full", "quick")}


class TimeSection(Struct, forbid_unknown_fields=True):
    """[time]: local times of a zone."""

    zone: Text
    opens: datetime
    closes: datetime


class RankingSection(Struct, forbid_unknown_fields=True):
    """[ranking]: how places are made."""

    scheme: Scheme = "categories"
    ties: Ties = "analysis"
    panel: tuple[Text, ...] = ()


class SustainableSection(Struct, forbid_unknown_fields=True):
    """[awards.sustainable_ai]: the contest's own data set where no other is named."""

    hours: Positive
    gpus: tuple[Text, ...]
    memory_gib: Positive
    datasets: tuple[Text, ...] = ()


class EfficientSection(Struct, forbid_unknown_fields=True):
    """[awards.efficient_architecture]: what is counted, and thresholds by "category.metric"."""

    count: Text
    thresholds: dict[str, Any] = {}


class AwardsSection(Struct, forbid_unknown_fields=True):
    """[awards]: one table an award; leave a table out, and the award is not given."""

    open_innovation: OpenInnovation | None = None
    sustainable_ai: SustainableSection | None = None
    efficient_architecture: EfficientSection | None = None


class ContestFile(Struct, forbid_unknown_fields=True):
    """contest.toml as it stands in the file."""

    name: Text
    dataset: Text
    time: TimeSection
    categories: dict[str, Any]
    entries: EntryRules = EntryRules()
    limits: dict[str, Any] = {}
    ranking: RankingSection = msgspec.field(default_factory=RankingSection)
    awards: AwardsSection = msgspec.field(default_factory=AwardsSection)
    evaluation: Evaluation = Evaluation()


class FaultError(Exception):
    """A sentence, and the place in the file that it is about."""

    def __init__(self, path: Keys, sentence: str):
        super().__init__(sentence)
        self.path, self.sentence = path, sentence


def read_rules(folder: Path) -> Rules:
    """The rules of the contest in a folder; raises `RulesError`, naming the line."""
    return parse_rules(read_text(folder / RULES_FILE), str(folder / RULES_FILE))


def parse_rules(text: str, where: str = RULES_FILE) -> Rules:
    """The rules in the text of a contest.toml; raises `RulesError`, naming the line."""
    tree = parse_toml(text, where)
    try:
        return _rules(tree)
    except FaultError as fault:
        raise RulesError(f"{where}, line {line_of(text, fault.path)}: {fault.sentence}") from fault


def _rules(tree: dict[str, Any]) -> Rules:
    file = _convert(tree)
    opens, closes, zone = _times(file.time)
    categories = _categories(file.categories)
    for name in ("team_size", "latent_size"):
        low, high = getattr(file.entries, name)
        if low > high:
            raise FaultError(
                ("entries", name), f"{name} goes from {low} down to {high}; write the smaller number first."
            )
    return Rules(
        name=file.name,
        dataset=file.dataset,
        time=Times(opens, closes, zone),
        entries=file.entries,
        scheme=file.ranking.scheme,
        ties=file.ranking.ties,
        panel=file.ranking.panel,
        categories=categories,
        awards=_awards(file, categories),
        evaluation=file.evaluation,
        limits=_limits(file.limits),
    )


def _convert(tree: dict[str, Any]) -> ContestFile:
    try:
        return msgspec.convert(tree, ContestFile)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        path = _path(at.rstrip("`"))
        if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
            raise FaultError((*path, unknown[1]), f"there is no rule '{unknown[1]}' here; is it misspelt?") from error
        if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
            table = f"[{'.'.join(map(str, path))}]" if path else "the file"
            raise FaultError(path, f"{table} does not say {missing[1]}; write a line for it.") from error
        if path and path[-1] in CHOICES:
            what = f"it must be one of: {', '.join(CHOICES[str(path[-1])])}"
        name = ".".join(map(str, path)) or "the file"
        raise FaultError(path, f"{name} cannot be used: {what[0].lower() + what[1:]}.") from error


def _path(at: str) -> Keys:
    """The keys in msgspec's ".entries.team_size[0]"."""
    return tuple(name or int(number) for name, number in re.findall(r"\.([^.\[]+)|\[(\d+)\]", at))


def _times(section: TimeSection) -> tuple[datetime, datetime, str]:
    try:
        zone = ZoneInfo(section.zone)
    except (KeyError, ValueError, OSError) as error:
        sentence = f"there is no time zone '{section.zone}'; write one like America/Chicago or UTC."
        raise FaultError(("time", "zone"), sentence) from error
    opens, closes = (_moment(name, getattr(section, name), zone) for name in ("opens", "closes"))
    if closes <= opens:
        raise FaultError(("time", "closes"), "the contest closes before it opens; is one of the two dates wrong?")
    return opens, closes, section.zone


def _moment(name: str, local: datetime, zone: ZoneInfo) -> datetime:
    """A local time of a zone as a moment; one that the zone's clocks skip is refused."""
    if local.tzinfo is not None:
        return local
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise FaultError(("time", name), f"{local} does not exist in {zone.key}: the clocks go forward over it.")
    return moment


def _categories(tables: dict[str, Any]) -> tuple[CategoryRule, ...]:
    if not tables:
        raise FaultError(("categories",), "there is no category to rank in; write at least one.")
    return tuple(_category(name, table) for name, table in tables.items())


def _category(name: str, table: Any) -> CategoryRule:
    path = ("categories", name)
    known = {category.name: [metric.name for metric in category.metrics] for category in CATEGORIES}
    if name not in known:
        raise FaultError(path, f"there is no category '{name}'; the categories are: {', '.join(known)}.")
    if not isinstance(table, dict) or not table:
        raise FaultError(path, f'the category {name} has no metrics; write lines like: {known[name][0]} = "lower".')
    return CategoryRule(name, tuple(_metric(name, metric, direction) for metric, direction in table.items()))


def _metric(category: str, name: str, direction: Any) -> MetricRule:
    path = ("categories", category, name)
    kind = METRICS.get(f"{category}.{name}")
    if kind is None:
        names = ", ".join(key.partition(".")[2] for key in METRICS if key.startswith(f"{category}."))
        raise FaultError(path, f"the category {category} has no metric '{name}'; it has: {names}.")
    if direction not in get_args(Direction):
        raise FaultError(path, f'{name} must be "lower" or "higher", whichever is better.')
    if kind.direction not in ("shown", direction):
        raise FaultError(path, f"{name} ({kind.title}) is better when it is {kind.direction}; write that.")
    return MetricRule(name, direction)


def _awards(file: ContestFile, categories: tuple[CategoryRule, ...]) -> Awards:
    own, green, small = file.awards, file.awards.sustainable_ai, file.awards.efficient_architecture
    sustainable = green and SustainableAI(
        hours=green.hours,
        gpus=green.gpus,
        memory_gib=green.memory_gib,
        datasets=green.datasets or (file.dataset,),
    )
    return Awards(own.open_innovation, sustainable, small and _efficient(small, categories))


def _efficient(section: EfficientSection, categories: tuple[CategoryRule, ...]) -> EfficientArchitecture:
    path = ("awards", "efficient_architecture")
    chosen: dict[str, Direction] = {
        f"{c.name}.{metric.name}": metric.direction for c in categories for metric in c.metrics
    }
    if section.count not in METRICS:
        raise _unknown_metric((*path, "count"), section.count)
    thresholds = []
    for metric, limit in section.thresholds.items():
        here = (*path, "thresholds", metric)
        if metric not in METRICS:
            raise _unknown_metric(here, metric)
        direction = chosen.get(metric) or METRICS[metric].direction
        if direction == "shown":
            raise FaultError(here, f"{metric} has no better direction; choose a metric that ranks.")
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit != limit:
            raise FaultError(here, f"the limit of {metric} must be a number.")
        thresholds.append(Threshold(metric, float(limit), direction))
    return EfficientArchitecture(tuple(thresholds), section.count)


def _limits(table: dict[str, Any]) -> dict[str, float]:
    for name, value in table.items():
        try:
            parse_limits({name: value}, "[limits]")
        except LimitsError as error:
            raise FaultError(("limits", name), str(error)) from error
    return table


def _unknown_metric(path: Keys, name: str) -> FaultError:
    return FaultError(path, f"there is no metric '{name}'; write one as category.metric, like reconstruction.mse.")
