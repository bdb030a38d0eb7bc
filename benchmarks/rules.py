"""Can the rules of a new contest be played? Simulated fields, before and after the rules against it.

    python -m benchmarks.rules [FIELDS] [TEAMS ...]
    python -m benchmarks.rules schemes    winner and weak team alone, of the template's rules with each scheme

Fields of 8, 20 and 60 teams with known truth, 300 of each. Metrics and rules are those of the template. Every metric is
around the value of the shipped `base` (a share by its distance from 1), times exp(0.05 z); z is correlated within and
between categories as in benchmarks/ranking.py. These are close fields, in which noise matters. Noise is the standard
error of the shipped cards; each measurement estimates it anew (chi-squared, 4 degrees of freedom).

before  mean ranks, and everything counts as measured
after   the template: whole ranks, real_margin, floors

held, width  the share of true places inside the 95 % interval, and its width in percent of the field
winner       how often the first of the measured field is first in truth
weak team    how often one more team, weaker by 1.5 standard deviations, changes who is first
runner-up    how often the second in truth is first
copies       the same where it enters two copies under other names, each figure a little worse: what a copy can do that
             nothing finds and no person sets aside
log          the same where it declares half of the best training of the field; told: in how many of these cases the
             league says that first place hangs on what was declared
degenerate   one stored, warped digit: its place in percent of the field, 0 the first
withdrawal   in how many fields a team that is not first could change who is, by going
"""

import sys
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from benchmarks.ranking import COMMON
from numpy.typing import NDArray

from flowleague.contest.folder import template
from flowleague.contest.rules import parse_rules
from flowleague.ranking.counted import DIGIT_KEPT, RECALL, counted
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.intervals import certainties
from flowleague.ranking.rank import Standings, rank
from flowleague.ranking.rules import Fairness, Scheme
from flowleague.ranking.schemes import table
from flowleague.ranking.sensitivity import sensitivity
from flowleague.scorecard.card import read_scorecard
from flowleague.shipped import FOLDER

RULES = parse_rules(template("simulated", "mnist", "UTC", datetime(2026, 1, 1), datetime(2026, 2, 1)))
BY = table(RULES.categories)
M = len(BY.metrics)
CARDS = [read_scorecard(FOLDER / f"{name}.scorecard.json").metrics() for name in ("base", "tiny", "max")]
REFERENCES = {name: m.reference for name, m in CARDS[0].items() if m.reference is not None}
SHARE = np.array([direction == "higher" for direction in BY.directions])  # all of these are shares of 1
CENTRE = np.array([CARDS[0][name].value for name in BY.metrics], float)
CENTRE = np.where(SHARE, 1 - CENTRE, CENTRE)
NOISE = np.array([np.mean([card[name].standard_error or 0 for card in CARDS]) for name in BY.metrics]) / np.abs(CENTRE)
LOGGED = np.array([name.startswith("training_performance.") for name in BY.metrics])
SAME = BY.member[:, None] == BY.member
COVARIANCE = 0.3 + 0.3 * SAME + 0.4 * np.eye(M)
NEAR = 0.03  # by which a copy is worse, at most
SPREAD = 0.05  # of true values: a close field, in which noise matters
ONE_DIGIT = {  # what an entry of one warped digit was measured to be; the rest as a weak model
    "consistency": 0.01,
    "quality": 0.1,
    "efficiency": 0.01,
    "training_performance": 0.1,
    "reconstruction": 20.0,
    "diversity": 20.0,
}


@dataclass(frozen=True)
class Way:
    """How a field is ranked."""

    scheme: Scheme
    fairness: Fairness

    def rank(self, costs: NDArray, errors: NDArray, skip: tuple[int, ...] = (), degenerate: int = -1) -> Standings:
        """The standings of entries with costs and errors (n, M), without some of them."""
        entries = []
        for i, (row, error) in enumerate(zip(costs, errors, strict=True)):
            if i in skip:
                continue
            values = np.where(SHARE, 1 - row, row)
            metrics = {m: Measured(float(v), float(e)) for m, v, e in zip(BY.metrics, values, error, strict=True)}
            metrics[DIGIT_KEPT] = Measured(0.098 if i == degenerate else 0.99)
            if i == degenerate:
                metrics[RECALL] = Measured(0.0)
            entry = Entry(str(i), str(i), metrics)
            entries.append(counted(entry, REFERENCES, self.fairness, RULES.categories, self.scheme))
        return rank(entries, RULES.categories, self.scheme, "share")


BEFORE, AFTER = Way("mean ranks", Fairness()), Way(RULES.ranking.scheme, RULES.fairness)
WAYS = {"before": BEFORE, "after": AFTER}
SCHEMES: tuple[Scheme, ...] = ("ranks", "mean ranks", "columns")


@dataclass(frozen=True)
class Field:
    """True costs (n, M), measured ones, and standard errors as they were estimated."""

    truth: NDArray
    seen: NDArray
    errors: NDArray


def simulate(n: int, rng: np.random.Generator) -> Field:
    """A field of n teams."""
    truth = CENTRE * np.exp(SPREAD * rng.multivariate_normal(np.zeros(M), COVARIANCE, n))
    sigma = NOISE * truth
    common, own = rng.standard_normal((1, M)), rng.standard_normal((n, M))
    seen = truth + sigma * (np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * own)
    return Field(truth, seen, sigma * np.sqrt(rng.chisquare(4, (n, M)) / 4))


def firsts(standings: Standings) -> set[str]:
    """Who is first, alone or shared."""
    return {row.entry.id for row in standings.winners}


def with_more(field: Field, rows: NDArray, errors: NDArray) -> tuple[NDArray, NDArray]:
    """The measured field with more entries."""
    return np.concatenate([field.seen, rows]), np.concatenate([field.errors, errors])


def try_field(field: Field, way: Way, rng: np.random.Generator) -> dict[str, float]:
    """What happens in one field, by name; without what was not tried."""
    n = len(field.truth)
    found: dict[str, float] = {}
    true, seen = way.rank(field.truth, 0 * field.errors), way.rank(field.seen, field.errors)
    sure, places = certainties(seen), {row.entry.id: row.place for row in true.rows}
    found["held"] = float(np.mean([sure[i].low <= place <= sure[i].high for i, place in places.items()]))
    found["width"] = float(np.mean([(sure[i].high - sure[i].low) / n for i in places]))
    found |= steadiness(field, way, true, seen, rng)

    second = int(true.rows[1].entry.id)
    found["runner-up"] = float(str(second) in firsts(seen))
    near = field.seen[[second, second]] * (1 + NEAR * rng.random((2, M)))
    copied = way.rank(*with_more(field, near, field.errors[[second, second]]))
    found["copies"] = float(str(second) in firsts(copied))

    forged = field.seen.copy()
    forged[second, LOGGED] = field.seen[:, LOGGED].min(0) / 2
    standings = way.rank(forged, field.errors)
    found["log"] = float(str(second) in firsts(standings))
    if found["log"]:
        found["told"] = float(any(change.kind == "declared" for change in sensitivity(standings)))

    digit = CENTRE * np.array([ONE_DIGIT[name.partition(".")[0]] for name in BY.metrics])
    standings = way.rank(*with_more(field, digit[None], 0 * digit[None]), degenerate=n)
    found["degenerate"] = (next(row.place for row in standings.rows if row.entry.id == str(n)) - 1) / n

    gone = [i for i in range(n) if str(i) not in firsts(seen)][: 60 if n < 60 else 30]
    moved = [firsts(way.rank(field.seen, field.errors, skip=(i,))) != firsts(seen) for i in gone]
    found["withdrawal"] = float(any(moved))
    return found


def steadiness(field: Field, way: Way, true: Standings, seen: Standings, rng: np.random.Generator) -> dict[str, float]:
    """Whether the first is first in truth, and whether one more weak team changes who is."""
    weak = CENTRE * np.exp(SPREAD * (1.5 + rng.multivariate_normal(np.zeros(M), COVARIANCE, 1)))
    changed = firsts(way.rank(*with_more(field, weak, 0 * weak))) != firsts(seen)
    return {"winner": float(bool(firsts(true) & firsts(seen))), "weak team": float(changed)}


def schemes(count: int = 300) -> None:
    for n in (8, 20, 60):
        for scheme in SCHEMES:
            rng, way, each = np.random.default_rng([7, n]), Way(scheme, RULES.fairness), []
            for _ in range(count):
                field = simulate(n, rng)
                true, seen = way.rank(field.truth, 0 * field.errors), way.rank(field.seen, field.errors)
                each.append(steadiness(field, way, true, seen, rng))
            said = ", ".join(f"{key} {np.mean([one[key] for one in each]):.1%}" for key in each[0])
            print(f"{n:>2} teams, {scheme:10}, {count} fields: {said}", flush=True)


def main() -> None:
    if sys.argv[1:] == ["schemes"]:
        schemes()
        return
    count, *sizes = (int(word) for word in sys.argv[1:] or ["300"])
    for n in sizes or [8, 20, 60]:
        for name, way in WAYS.items():
            rng = np.random.default_rng([7, n])
            each = [try_field(simulate(n, rng), way, rng) for _ in range(count)]
            names = dict.fromkeys(key for one in each for key in one)
            said = {key: np.mean([one[key] for one in each if key in one]) for key in names}
            figures = ", ".join(f"{key} {value:.1%}" for key, value in said.items())
            print(f"{n:>2} teams, {name:6}, {count} fields: {figures}", flush=True)


if __name__ == "__main__":
    main()
