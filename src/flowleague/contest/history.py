"""How a contest came to stand as it does: the places at any moment, yesterday's, and what each entry did to its team's.

A place at a moment is what the board would have shown then, had everything been measured and judged as it is now; so it
moves because a team, or its rivals, sent something in, and never because a judge changed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flowleague.contest.counting import Counting
from flowleague.contest.events import Claim, Disqualify, Event, Final, Reinstate, Submit, Withdraw
from flowleague.contest.folder import Contest, read_marks
from flowleague.contest.past import read_past
from flowleague.contest.state import Submission, state_after
from flowleague.contest.teams import name_key
from flowleague.ranking.field import LARGEST, NOTHING, Measured
from flowleague.ranking.gains import NOISE
from flowleague.ranking.rank import Standings, rank

DAY = timedelta(hours=24)
MOST = 400  # entries of a contest up to which every entry's effect on the place is computed


@dataclass(frozen=True)
class Change:
    """One metric of an entry beside the same team's entry before it; `better` by the direction of the rules."""

    metric: str
    before: Measured
    after: Measured
    better: bool


@dataclass(frozen=True)
class Effect:
    """What an entry did: its team's place without it and with it, when it came; None: no place.

    `changes` are the metrics that differ from the team's entry before by more than twice the standard error, the
    clearest first; None when there is none before it, or nothing was measured.
    """

    submission: Submission
    before: int | None
    after: int | None
    changes: tuple[Change, ...] | None


class History:
    """The past of a contest, as one of its rounds measured it."""

    def __init__(self, contest: Contest, round_: int):
        self.contest, self.measured = contest, contest.state.measured[round_ - 1]
        count, marks = Counting(contest, round_), read_marks(contest.folder)
        self.entries = {
            s.id: count.entry(s, self.measured[s.id], marks.get(name_key(s.team)))
            for s in contest.state.submissions.values()
            if s.id in self.measured
        }
        self.events = read_past(contest.folder).events
        self.sent: dict[
            str, list[Submission]
        ] = {}  # by team, those that came in time and are not out, the oldest first
        for submission in sorted(
            (s for s in contest.state.live() if not s.late), key=lambda s: (s.submitted, s.number)
        ):
            self.sent.setdefault(name_key(submission.team), []).append(submission)

    @property
    def now(self) -> datetime:
        """When the last record was written, but not after the closing: what came then counts for nobody."""
        return min(max(event.time for event in self.events), self.contest.rules.time.closes)

    def places(self, moment: datetime | None = None, without: str = "") -> dict[str, int]:
        """The places of all ranked teams, by `name_key`, now, or at a moment as if one entry had not come."""
        state = state_after(_until(self.events, moment, without)) if moment else self.contest.state
        entries = [self.entries[s.id] for s in state.counting().values() if s.id in self.entries]
        rules = self.contest.rules
        standings = rank(entries, rules.categories, rules.ranking.scheme, rules.ranking.ties)
        return {name_key(row.entry.team): row.place for row in standings.ranked}

    def moved(self, standings: Standings) -> dict[str, int | None]:
        """By how many places each ranked entry's team rose in the last day, by id; None: it had no place before."""
        if not standings.ranked:
            return {}
        before = self.places(self.now - DAY)
        places = [(row, before.get(name_key(row.entry.team))) for row in standings.ranked]
        return {row.entry.id: place and place - row.place for row, place in places}

    def latest(self, most: int) -> list[Effect]:
        """The newest entries that came in time, with their effect."""
        live = [s for s in self.contest.state.live() if not s.late]
        return [self.effect(s) for s in sorted(live, key=lambda s: (s.submitted, s.number), reverse=True)[:most]]

    def of_team(self, team: str) -> list[Effect]:
        """All entries of a team that came in time, the newest first, with their effect.

        In a contest of more than `MOST` entries without their places, each of which ranks the whole field anew.
        """
        mine = self.sent.get(name_key(team), [])[::-1]
        if len(self.entries) > MOST:
            return [Effect(s, None, None, self._changes(s)) for s in mine]
        return [self.effect(s) for s in mine]

    def effect(self, submission: Submission) -> Effect:
        """What an entry did to its team's place, and what differs from the team's entry before it."""
        team, when = name_key(submission.team), submission.submitted
        after, before = self.places(when).get(team), self.places(when, submission.id).get(team)
        return Effect(submission, before, after, self._changes(submission))

    def _changes(self, submission: Submission) -> tuple[Change, ...] | None:
        when = (submission.submitted, submission.number)
        mine = self.sent.get(name_key(submission.team), [])
        earlier = [s for s in mine if (s.submitted, s.number) < when and s.id in self.measured]
        if not earlier or submission.id not in self.measured:
            return None
        last = earlier[-1]
        before, after = self.measured[last.id].measured, self.measured[submission.id].measured
        found = []
        for category in self.contest.rules.categories:
            for rule in category.metrics:
                name = f"{category.name}.{rule.name}"
                one, two = before.get(name, NOTHING), after.get(name, NOTHING)
                if (noises := _noises(one, two)) > NOISE:
                    sign = 1 if rule.direction == "lower" else -1
                    found.append((noises, Change(name, one, two, _cost(two, sign) < _cost(one, sign))))
        return tuple(change for _, change in sorted(found, key=lambda pair: (-pair[0], pair[1].metric)))


def _until(events: Iterable[Event], moment: datetime, without: str) -> list[Event]:
    """What had happened at a moment, without one entry: entries by when they were sent in, choices by when made."""
    kept, known = [], set()
    for event in events:
        match event:
            case Claim():
                kept.append(event)
            case Submit() if event.submitted <= moment and event.id != without:
                kept.append(event)
                known.add(event.id)
            case Submit() if event.claim:  # its team is there, whatever becomes of its first entry
                kept.append(event.claimed())
            case Final() | Withdraw() | Disqualify() | Reinstate() if event.time <= moment and event.id in known:
                kept.append(event)
    return kept


def _cost(measured: Measured, sign: int) -> float:
    value = measured.value
    return sign * value if value is not None and abs(value) < LARGEST else math.inf


def _noises(one: Measured, two: Measured) -> float:
    """The difference of two values in standard errors of it; infinite where only one is there, or both are exact."""
    a, b = _cost(one, 1), _cost(two, 1)
    if a == b:
        return 0.0
    noise = math.hypot(one.error, two.error)
    return abs(a - b) / noise if noise else math.inf
