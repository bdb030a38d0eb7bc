"""How places moved over time: the entries that counted at each of a dozen moments, ranked by today's measurements.

A place at a moment is what the board would have shown then, had everything been measured as it is now; so a line moves
because a team, or its rivals, sent something in, and never because a judge changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flowleague.contest.events import Claim, Disqualify, Event, Final, Reinstate, Submit, Withdraw, events_of
from flowleague.contest.folder import Contest
from flowleague.contest.records import read_records
from flowleague.contest.standing import standing_of
from flowleague.contest.state import State, state_after
from flowleague.contest.teams import name_key
from flowleague.ranking.rank import rank

_MOMENTS = 12


@dataclass(frozen=True)
class Movement:
    """Places by team (as `name_key` writes it) at some moments; None before its first entry."""

    moments: tuple[datetime, ...]
    places: dict[str, tuple[int | None, ...]]


def movement(contest: Contest, round_: int) -> Movement:
    """The places of all ranked teams at moments from the first entry to the last, as measured in a round."""
    times = [entry.submitted for entry in contest.state.live() if not entry.late]
    if not times:
        return Movement((), {})
    first, last = min(times), max(times)
    moments = [first + (last - first) * k / (_MOMENTS - 1) for k in range(_MOMENTS)] if last > first else [first]
    events = events_of(read_records(contest.folder))
    shown = [_places(contest, round_, _state_at(events, moment)) for moment in moments[:-1]]
    shown.append(_places(contest, round_, contest.state))
    teams = dict.fromkeys(team for places in shown for team in places)
    return Movement(tuple(moments), {team: tuple(places.get(team) for places in shown) for team in teams})


def _state_at(events: Sequence[Event], moment: datetime) -> State:
    """The state at a moment: entries by when they were sent in, choices by when they were made."""
    kept, known = [], set()
    for event in events:
        match event:
            case Claim():
                kept.append(event)
            case Submit() if event.submitted <= moment:
                kept.append(event)
                known.add(event.id)
            case Final() | Withdraw() | Disqualify() | Reinstate() if event.time <= moment and event.id in known:
                kept.append(event)
    return state_after(kept)


def _places(contest: Contest, round_: int, state: State) -> dict[str, int]:
    """The place of every ranked team in a state of the contest, by `name_key`, as a round measured the entries."""
    state.measured, state.rounds, state.cleared = contest.state.measured, contest.state.rounds, contest.state.cleared
    rules = contest.rules
    entries = standing_of(replace(contest, state=state), round_).entries
    standings = rank(entries, rules.categories, rules.ranking.scheme, rules.ranking.ties)
    return {name_key(row.entry.team): row.place for row in standings.ranked}
