"""How places moved over time: the places at each of a dozen moments, from the first entry to the last."""

from dataclasses import dataclass
from datetime import datetime

from flowleague.contest.history import History

_MOMENTS = 12


@dataclass(frozen=True)
class Movement:
    """Places by team (as `name_key` writes it) at some moments; None before its first entry."""

    moments: tuple[datetime, ...]
    places: dict[str, tuple[int | None, ...]]


def movement(history: History) -> Movement:
    """The places of all ranked teams at moments from the first entry to the last."""
    times = [entry.submitted for entry in history.contest.state.live() if not entry.late]
    if not times:
        return Movement((), {})
    first, last = min(times), max(times)
    moments = [first + (last - first) * k / (_MOMENTS - 1) for k in range(_MOMENTS)] if last > first else [first]
    shown = [history.places(moment) for moment in moments[:-1]]
    shown.append(history.places())
    teams = dict.fromkeys(team for places in shown for team in places)
    return Movement(tuple(moments), {team: tuple(places.get(team) for places in shown) for team in teams})
