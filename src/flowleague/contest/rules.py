"""The rules of a contest: contest.toml, read and checked; every fault is one sentence that names the line.

The structs have the shape of the file. Each checks itself when it is made, so rules that exist can be honoured.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from flowleague.contest.toml import Keys, RulesError, line_of, parse_toml, read_text
from flowleague.data.datasets import DATA_SETS, public_name
from flowleague.errors import LimitsError, legible
from flowleague.limits import parse_limits
from flowleague.ranking.awards import Awards
from flowleague.ranking.rules import (
    CategoryRule,
    Direction,
    Fairness,
    MetricRule,
    Positive,
    RuleFault,
    Scheme,
    Text,
    Ties,
)
from flowleague.scorecard.metrics import CATEGORIES, METRICS

RULES_FILE = "contest.toml"
_PIXELS = 28 * 28
_FORMER_SCHEME = "categories"  # what mean ranks were called; rules that say so keep their meaning

Plan = Literal["full", "quick"]
Code = Literal["ranked", "shown", "refused"]
_Count = Annotated[int, Meta(ge=1, le=10**9)]
_CHOICES = {"scheme": get_args(Scheme), "ties": get_args(Ties), "plan": get_args(Plan), "code": get_args(Code)}


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    """[time]: entries count from `opens` on, up to and including `closes`.

    The file has local times of the zone; here they are moments with a time zone. Days are those of the zone.
    """

    zone: Text
    opens: datetime
    closes: datetime

    def __post_init__(self) -> None:
        """Make moments of the local times; raises `RuleFault`."""
        try:
            zone = ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:
            raise RuleFault(
                ("zone",), f"there is no time zone '{self.zone}'; write one like America/Chicago or UTC."
            ) from error
        for name in ("opens", "closes"):
            force_setattr(self, name, _moment(name, getattr(self, name), zone))
        if self.closes <= self.opens:
            raise RuleFault(("closes",), "the contest closes before it opens; is one of the two dates wrong?")

    def local(self, moment: datetime) -> datetime:
        """A moment on the clock of the contest."""
        return moment.astimezone(ZoneInfo(self.zone))


class EntryRules(Struct, frozen=True, forbid_unknown_fields=True):
    """[entries]: what may be entered, how often, and by whom; a baseline is a team that is shown and not ranked.

    `team_size` and `latent_size` (latent dimensions) go from the least to the most that is allowed. `code` says what
    becomes of a .py or .ipynb that cannot be captured: its code is run, and it is "ranked", or "shown" and not ranked;
    or it is "refused".
    """

    team_size: tuple[_Count, _Count] = (1, 3)
    per_day: _Count = 10
    latent_size: tuple[_Count, _Count] = (3, 49)
    largest_file_mib: _Count = 256
    baselines: tuple[Text, ...] = ()
    code: Code = "shown"

    def __post_init__(self) -> None:
        """Check that the ranges can be kept; raises `RuleFault`."""
        for name in ("team_size", "latent_size"):
            low, high = getattr(self, name)
            if low > high:
                raise RuleFault((name,), f"{name} goes from {low} down to {high}; write the smaller number first.")
        if self.latent_size[1] > _PIXELS:
            raise RuleFault(
                ("latent_size",), f"more than {_PIXELS} latent dimensions compress nothing; write at most {_PIXELS}."
            )


class RankingRules(Struct, frozen=True, forbid_unknown_fields=True):
    """[ranking]: how places are made.

    scheme  "ranks": the sum of whole ranks in the categories; "mean ranks": the sum of the mean ranks in them;
            "columns": the mean of the ranks in all metrics
    ties    "analysis": equal scores are ordered by the marks for analysis; "share": they share a place
    panel   ids of the reference entries against which an open-ended board ranks
    """

    scheme: Scheme = "mean ranks"  # what files without the line have meant
    ties: Ties = "analysis"
    panel: tuple[Text, ...] = ()


class Evaluation(Struct, frozen=True, forbid_unknown_fields=True):
    """[evaluation]: the plan of `flowleague score`, and the time and memory set aside for one entry in all."""

    plan: Plan = "full"
    wall_seconds: _Count = 3600
    memory_gib: Positive = 8.0
    threads: _Count = 1


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of one contest, as contest.toml says them.

    `limits` are what a stranger's file may use while it is measured; `flowleague score --limits` reads them. `store` is
    where `flowleague contest store` keeps the files of records; empty: in the folder alone.
    """

    name: Text
    dataset: Text
    store: str = ""
    time: Times
    categories: tuple[CategoryRule, ...]
    entries: EntryRules = EntryRules()
    ranking: RankingRules = RankingRules()
    fairness: Fairness = Fairness()
    awards: Awards = Awards()
    evaluation: Evaluation = Evaluation()
    limits: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Check what several tables decide together; raises `RuleFault`."""
        if legible(self.name) != self.name:
            raise RuleFault(("name",), "the name holds characters that cannot be printed; write it without them.")
        if self.dataset not in DATA_SETS and not set(self.dataset) & set("/\\"):
            known = f"there are {', '.join(DATA_SETS)}, or the path of a folder such as ./letters"
            raise RuleFault(("dataset",), f"there is no data set '{self.dataset}'; {known}.")
        for name, value in self.limits.items():
            try:
                parse_limits({name: value}, "[limits]")
            except LimitsError as error:
                raise RuleFault(("limits", name), str(error)) from error
        try:
            force_setattr(self, "awards", self.awards.fitted(public_name(self.dataset), self.categories))
        except RuleFault as fault:
            raise RuleFault(("awards", *fault.path), fault.sentence) from fault


def read_rules(folder: Path) -> Rules:
    """The rules of the contest in a folder; raises `RulesError`, naming the line."""
    return parse_rules(read_text(folder / RULES_FILE), str(folder / RULES_FILE))


def parse_rules(text: str, where: str = RULES_FILE) -> Rules:
    """The rules in the text of a contest.toml; raises `RulesError`, naming the line."""
    tree = parse_toml(text, where)
    try:
        return _rules(tree)
    except RuleFault as fault:
        raise RulesError(f"{where}, line {line_of(text, fault.path)}: {fault.sentence}") from fault


def _rules(tree: dict[str, Any]) -> Rules:
    if isinstance(tables := tree.get("categories"), dict):
        tree = tree | {"categories": tuple(_categories(tables))}
    if isinstance(ranking := tree.get("ranking"), dict) and ranking.get("scheme") == _FORMER_SCHEME:
        tree = tree | {"ranking": ranking | {"scheme": "mean ranks"}}
    try:
        return msgspec.convert(tree, Rules)
    except msgspec.ValidationError as error:
        fault = error.__cause__  # of a struct that checked itself; msgspec adds the way to it
        if isinstance(fault, RuleFault):
            way = str(error).removeprefix(fault.sentence)
            raise RuleFault((*_path(way), *fault.path), fault.sentence) from error
        what, _, way = str(error).partition(" - at `$")
        raise _fault(what, _path(way)) from error


def _fault(what: str, path: Keys) -> RuleFault:
    """The fault that msgspec's words are about."""
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        return RuleFault((*path, unknown[1]), f"there is no rule '{unknown[1]}' here; is it misspelt?")
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        table = f"[{'.'.join(map(str, path))}]" if path else "the file"
        return RuleFault(path, f"{table} does not say {missing[1]}; write a line for it.")
    if path and path[-1] in _CHOICES:
        what = f"it must be one of: {', '.join(_CHOICES[str(path[-1])])}"
    name = ".".join(map(str, path)) or "the file"
    return RuleFault(path, f"{name} cannot be used: {what[0].lower() + what[1:]}.")


def _path(at: str) -> Keys:
    """The keys in msgspec's ".entries.team_size[0]`"."""
    return tuple(name or int(number) for name, number in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", at))


def _moment(name: str, local: datetime, zone: ZoneInfo) -> datetime:
    """A local time of a zone as a moment; one that the zone's clocks skip is refused."""
    if local.tzinfo is not None:
        return local
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise RuleFault((name,), f"{local} does not exist in {zone.key}: the clocks go forward over it.")
    return moment


def _categories(tables: dict[str, Any]) -> Iterator[CategoryRule]:
    if not tables:
        raise RuleFault(("categories",), "there is no category to rank in; write at least one.")
    known = {category.name: [metric.name for metric in category.metrics] for category in CATEGORIES}
    for name, table in tables.items():
        path = ("categories", name)
        if name not in known:
            raise RuleFault(path, f"there is no category '{name}'; the categories are: {', '.join(known)}.")
        if not isinstance(table, dict) or not table:
            raise RuleFault(path, f'the category {name} has no metrics; write lines like: {known[name][0]} = "lower".')
        yield CategoryRule(name, tuple(_metric(name, metric, direction) for metric, direction in table.items()))


def _metric(category: str, name: str, direction: Any) -> MetricRule:
    path = ("categories", category, name)
    kind = METRICS.get(f"{category}.{name}")
    if kind is None:
        names = ", ".join(key.partition(".")[2] for key in METRICS if key.startswith(f"{category}."))
        raise RuleFault(path, f"the category {category} has no metric '{name}'; it has: {names}.")
    if direction not in get_args(Direction):
        raise RuleFault(path, f'{name} must be "lower" or "higher", whichever is better.')
    if kind.direction not in ("shown", direction):
        raise RuleFault(path, f"{name} ({kind.title}) is better when it is {kind.direction}; write that.")
    return MetricRule(name, direction)
