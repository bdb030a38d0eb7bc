"""Attacks on the rules of a new contest that no finding meets, in simulated fields: what still pays, and who is told.

    python -m benchmarks.collusion [FIELDS] [TEAMS ...]

Fields, noise and rules are those of benchmarks/rules.py. The attacker is the second in truth; a figure says how often
it (or a friend of it) is first.

honest       the attacker alone, one entry
spoiler(s)   one friend, two, or four, enter a model of their own that lies between the leader and the attacker wherever
             the attacker is ahead of it, and far behind elsewhere; told: the first page names a spoiler as the team
             without which another is first; alone: it says that another is ahead of the attacker in a field of two
friends      two friends train the attacker's recipe anew (each figure within 1 %) and enter it: one of three is first
choice       ten entries, each figure within 3 % of the attacker's; it sees the field as measured while the contest is
             open and chooses the entry that stands best in it; another seed decides in the final round
blind        the same, chosen by its own figures alone (lowest mean logarithm)
luck         ten entries of one quality, of which it chooses the luckiest: with a final round, and if there were none
loss         in how many fields some team stands better after it gives up one of its own figures
"""

import sys

import numpy as np
from benchmarks.rules import AFTER, BY, Field, firsts, simulate, with_more
from benchmarks.rules import NOISE as RELATIVE_NOISE
from numpy.typing import NDArray

from flowleague.ranking.rank import Standings
from flowleague.ranking.sensitivity import sensitivity

ENTRIES = 10
BEHIND = 1.5  # how much worse a spoiler is where it does not matter


def measured(truth: NDArray, rng: np.random.Generator) -> NDArray:
    return truth * (1 + RELATIVE_NOISE * rng.standard_normal(truth.shape))


def with_attacker(field: Field, at: int, row: NDArray) -> NDArray:
    seen = field.seen.copy()
    seen[at] = row
    return seen


def place_of(standings: Standings, id_: str) -> int:
    return next(row.place for row in standings.rows if row.entry.id == id_)


def try_field(field: Field, rng: np.random.Generator) -> dict[str, float]:
    """What each attack brings in one field."""
    true, seen = AFTER.rank(field.truth, 0 * field.errors), AFTER.rank(field.seen, field.errors)
    n, leader, attacker = len(field.truth), *(int(row.entry.id) for row in true.rows[:2])
    errors, found = field.errors[attacker], {}

    def first(rows: NDArray, ids: list[int]) -> float:
        extra = np.repeat(errors[None], len(rows), 0)
        return float(bool({str(i) for i in ids} & firsts(AFTER.rank(*with_more(field, rows, extra)))))

    found["honest"] = float(str(attacker) in firsts(seen))
    found["honest alone"] = float(any(change.kind == "alone" for change in sensitivity(seen)))
    ahead = field.seen[attacker] < field.seen[leader]
    between = np.sqrt(field.seen[attacker] * field.seen[leader])
    spoiler = np.where(ahead, between, BEHIND * np.maximum(field.seen[attacker], field.seen[leader]))
    for count, name in ((1, "spoiler"), (2, "spoilers"), (4, "four spoilers")):
        rows = spoiler * (1 + 1e-3 * rng.random((count, len(spoiler))))
        standings = AFTER.rank(*with_more(field, rows, np.repeat(errors[None], count, 0)))
        found[name] = float(str(attacker) in firsts(standings))
        if found[name] and not found["honest"]:
            friends, changes = {str(n + i) for i in range(count)}, sensitivity(standings)
            named = any(change.kind == "team" and change.name in friends for change in changes)
            alone = any(change.kind == "alone" for change in changes)
            found |= {f"{name} told": named, f"{name} alone": alone, f"{name} told or alone": named or alone}
    friends = field.truth[attacker] * np.exp(0.01 * rng.standard_normal((2, len(BY.metrics))))
    found["friends"] = first(measured(friends, rng), [attacker, n, n + 1])

    variants = field.truth[attacker] * np.exp(0.03 * rng.standard_normal((ENTRIES, len(BY.metrics))))
    same = np.repeat(field.truth[attacker][None], ENTRIES, 0)
    for name, of in (("choice", variants), ("luck", same)):
        early, late = measured(of, rng), measured(of, rng)
        places = [
            place_of(AFTER.rank(with_attacker(field, attacker, row), field.errors), str(attacker)) for row in early
        ]
        best = int(np.argmin(places))
        standings = AFTER.rank(with_attacker(field, attacker, late[best]), field.errors)
        found[name] = float(str(attacker) in firsts(standings))
        if name == "luck":
            found["luck, no final round"] = float(min(places) == 1)
            continue
        blind = late[int(np.argmin(np.log(early).mean(1)))]
        standings = AFTER.rank(with_attacker(field, attacker, blind), field.errors)
        found["blind"] = float(str(attacker) in firsts(standings))
    found["loss"] = float(any(_gains_by_loss(field, seen, i) for i in range(min(n, 8))))
    return found


def _gains_by_loss(field: Field, seen: Standings, team: int) -> bool:
    """Whether a team stands better with one of its figures as bad as can be."""
    before = place_of(seen, str(team))
    for metric in range(len(BY.metrics)):
        row = field.seen[team].copy()
        row[metric] *= 1e3
        if place_of(AFTER.rank(with_attacker(field, team, row), field.errors), str(team)) < before:
            return True
    return False


def main() -> None:
    count, *sizes = (int(word) for word in sys.argv[1:] or ["200"])
    for n in sizes or [8, 20, 60]:
        rng = np.random.default_rng([11, n])
        each = [try_field(simulate(n, rng), rng) for _ in range(count)]
        names = dict.fromkeys(key for one in each for key in one)
        said = {key: np.mean([one[key] for one in each if key in one]) for key in names}
        print(f"{n:>2} teams, {count} fields: " + ", ".join(f"{k} {v:.1%}" for k, v in said.items()), flush=True)


if __name__ == "__main__":
    main()
