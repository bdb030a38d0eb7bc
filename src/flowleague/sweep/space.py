"""What a sweep varies and what it wants: dials, objectives and seeds, read from words and checked before anything runs.

vae.channels=12..32             whole numbers, both ends included
vae.kl_weight=1e-6..1e-4:log    drawn evenly by its logarithm
vae.block=depthwise,dense       one of these
"""

import dataclasses
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from flowleague.bundle.recipe import Recipe, flatten, with_values
from flowleague.errors import FlowLeagueError, SweepError, printable
from flowleague.scorecard.metrics import METRICS
from flowleague.text import did_you_mean

_NO_DIALS = {"name": "", "about": "", "dataset": "", "seed": " --seeds names them.", "budget": " --budget sets it."}
_RANGE = re.compile(r"(?P<low>[^,]+?)\.\.(?P<high>[^,:]+)(?P<log>:log)?")
_MOST_CORNERS = 4096  # of the space, which are checked one by one
_MOST_SEEDS = 20
Value = bool | int | float | str
Check = Callable[[Recipe], object]


class Dial(Struct, frozen=True, kw_only=True):
    """A value of the recipe that varies: from `low` to `high`, both included, or one of `choices`."""

    key: str
    low: int | float = 0
    high: int | float = 0
    log: bool = False
    choices: tuple[Value, ...] = ()

    def __str__(self) -> str:
        """As --vary takes it."""
        if self.choices:
            return f"{self.key}={','.join(map(as_set, self.choices))}"
        return f"{self.key}={self.low}..{self.high}{':log' if self.log else ''}"

    @property
    def ends(self) -> tuple[Value, ...]:
        """Its choices, or its two ends."""
        return self.choices or (self.low, self.high)

    @property
    def middle(self) -> Value:
        """A value between its ends, or its first choice."""
        if self.choices:
            return self.choices[0]
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        return round(middle) if isinstance(self.low, int) else middle


class Objective(Struct, frozen=True):
    """A metric to minimise or to maximise, by "category.metric"."""

    metric: str
    goal: Literal["minimise", "maximise"]

    @property
    def title(self) -> str:
        """What people call the metric."""
        return METRICS[self.metric].label


def as_set(value: Value) -> str:
    """A value as --set takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_dials(words: Iterable[str], recipe: Recipe) -> tuple[Dial, ...]:
    """The dials of a sweep; raises `SweepError`.

    >>> from flowleague.bundle.recipe import quick
    >>> [str(dial) for dial in read_dials(["vae.channels=12..32", "vae.kl_weight=1e-6..1e-4:log"], quick())]
    ['vae.channels=12..32', 'vae.kl_weight=1e-06..0.0001:log']
    """
    dials = [_dial(text, flatten(dataclasses.asdict(recipe))) for text in words]
    if not dials:
        raise SweepError("A sweep varies something: give --vary KEY=LOW..HIGH, once or more.")
    if twice := _twice(dial.key for dial in dials):
        raise SweepError(f"{twice} varies twice; give it once.")
    return tuple(dials)


def _dial(text: str, values: dict[str, Any]) -> Dial:
    key, equals, said = (part.strip() for part in text.partition("="))
    if not equals or not said or key not in values:
        meant = did_you_mean(key, values) or f" The keys are: {', '.join(sorted(set(values) - set(_NO_DIALS)))}."
        raise SweepError(f"'{printable(text)}' varies nothing: write KEY=LOW..HIGH or KEY=A,B.{meant}")
    if key in _NO_DIALS:
        raise SweepError(f"{key} is the same in all trials of a sweep and cannot vary.{_NO_DIALS[key]}")
    kind = type(values[key])
    found = _RANGE.fullmatch(said)
    if found is None:
        return _choices(key, said, kind)
    if kind not in (int, float):
        raise SweepError(f"{key} is no number; name its values: --vary {key}={as_set(values[key])},...")
    low, high = (_typed(key, found[end], kind) for end in ("low", "high"))
    if not low < high:
        raise SweepError(f"{printable(text)} holds no range: the first number must be below the second.")
    if found["log"] and low <= 0:
        raise SweepError(
            f"{printable(text)} begins at {low}, which has no logarithm; leave :log out, or begin above 0."
        )
    return Dial(key=key, low=low, high=high, log=bool(found["log"]))


def _choices(key: str, said: str, kind: type) -> Dial:
    choices = tuple(_typed(key, word.strip(), kind) for word in said.split(","))
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise SweepError(f"{key}={printable(said)} needs two or more different values; write {key}=LOW..HIGH or A,B.")
    return Dial(key=key, choices=choices)


def _typed(key: str, word: str, kind: type) -> Any:
    """A word as a value of the kind that a recipe holds there."""
    try:
        if kind is bool:
            return {"true": True, "false": False}[word.lower()]
        value = kind(word)
    except (ValueError, KeyError):
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}[kind]
        raise SweepError(f"{key} is {wanted}, not '{printable(word, 50)}'.") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise SweepError(f"{key} cannot be {word}.")
    return value


def check_space(recipe: Recipe, dials: Sequence[Dial], check: Check) -> None:
    """Raise `SweepError` where the corners or the middle of the space hold a recipe that cannot be trained.

    What a recipe forbids, it forbids beyond some value, so that corners speak for all that lies between them; `check`
    says more of a recipe than its reader, such as whether its model is too large, and raises a `FlowLeagueError`.
    """
    count = math.prod(len(dial.ends) for dial in dials)
    if count > _MOST_CORNERS:
        raise SweepError(f"These dials have {count:,} corners, and at most {_MOST_CORNERS:,} are checked; vary fewer.")
    for values in _corners(dials):
        try:
            check(with_values(recipe, values))
        except FlowLeagueError as error:
            what = ", ".join(f"{key}={as_set(value)}" for key, value in values.items())
            raise SweepError(f"The space holds {what}, which cannot be trained. {error}") from error


def _corners(dials: Sequence[Dial]) -> Iterator[dict[str, Value]]:
    keys = [dial.key for dial in dials]
    for values in itertools.product(*(dial.ends for dial in dials)):
        yield dict(zip(keys, values, strict=True))
    yield {dial.key: dial.middle for dial in dials}


def read_objectives(minimise: Iterable[str], maximise: Iterable[str]) -> tuple[Objective, ...]:
    """The objectives of a sweep; raises `SweepError` for what is no metric, is timed, or is better the other way.

    >>> read_objectives(["reconstruction.mse"], ["diversity.recall"])[1].goal
    'maximise'
    """
    found = [_objective(name, "minimise") for name in minimise] + [_objective(name, "maximise") for name in maximise]
    if not found:
        raise SweepError("A sweep needs an aim: give --minimise reconstruction.mse, say, once or more.")
    if twice := _twice(objective.metric for objective in found):
        raise SweepError(f"{twice} is an aim twice; give it once.")
    return tuple(found)


def _objective(name: str, goal: Literal["minimise", "maximise"]) -> Objective:
    if name not in METRICS:
        meant = did_you_mean(name, METRICS) or " `flowleague score base --all` lists them."
        raise SweepError(f"There is no metric '{printable(name, 100)}'.{meant}")
    better = METRICS[name].direction
    if METRICS[name].timed:
        raise SweepError(f"{name} is timed, and trials beside each other disturb it; aim at efficiency.sample_flops.")
    if (better, goal) in (("higher", "minimise"), ("lower", "maximise")):
        raise SweepError(f"{name} is better {better}: give it with --{'max' if better == 'higher' else 'min'}imise.")
    return Objective(name, goal)


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds of a range or a list; raises `SweepError`.

    >>> read_seeds("0..2"), read_seeds("7"), read_seeds("1,5")
    ((0, 1, 2), (7,), (1, 5))
    """
    found = re.fullmatch(r"(\d{1,18})\.\.(\d{1,18})", text.strip())
    words = text.split(",")
    if found and int(found[2]) - int(found[1]) in range(_MOST_SEEDS):
        return tuple(range(int(found[1]), int(found[2]) + 1))
    if not found and all(re.fullmatch(r"\s*\d{1,18}\s*", word) for word in words) and not _twice(map(int, words)):
        return tuple(map(int, words))
    raise SweepError(f"--seeds {printable(text, 50)} names no seeds; write 0..2 or 0,5, at most {_MOST_SEEDS}.")


def _twice(names: Iterable[Any]) -> Any:
    """The first name that is given twice, if any."""
    seen: set[Any] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)
