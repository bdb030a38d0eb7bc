"""Which records can follow those before them: what names nothing that is there, or comes twice, counts for nothing.

No command writes another. A log that was edited by hand can hold one whose hashes are right: a second score of an
entry, an entry that becomes another team's. `flowleague contest verify` names it.
"""

from typing import TYPE_CHECKING

from flowleague.contest.events import (
    Again,
    Claim,
    Clear,
    Disqualify,
    Event,
    Failure,
    Final,
    FinalRound,
    Measurement,
    NewKey,
    Reinstate,
    Rename,
    Score,
    Submit,
    Withdraw,
)
from flowleague.contest.teams import name_key
from flowleague.errors import printable

if TYPE_CHECKING:
    from flowleague.contest.state import State


def stray(state: "State", event: Event) -> str:
    """Why an event cannot follow what led to a state; empty where it can."""
    match event:
        case Claim() | Rename() | NewKey():
            return _of_a_team(state, event)
        case Submit():
            return _of_an_entry(state, event)
        case Final() | Withdraw() | Disqualify() | Clear() if event.id not in state.submissions:
            return _no_entry(event.id)
        case Final() if state.submissions[event.id].late:
            return f"chooses {event.id}, which came after the closing"
        case Reinstate() if event.id not in state.disqualified:
            return f"reinstates {printable(event.id)}, which was not disqualified"
        case Again() if missing := [id_ for id_ in event.ids if id_ not in state.submissions]:
            return _no_entry(missing[0])
        case FinalRound() if state.final_round:
            return "begins a second final round"
        case Score() | Failure():
            return _of_a_measurement(state, event)
    return ""


def replaces(held: Measurement | None, source: str) -> bool:
    """Whether what was measured at a source takes the place of what its round has: a failure, a card from elsewhere."""
    return not isinstance(held, Score) or (held.source == "elsewhere" and source != "elsewhere")


def _of_a_team(state: "State", event: Claim | Rename | NewKey) -> str:
    known = state.team(event.team)
    if isinstance(event, Claim):
        return f"claims the name {known.name}, which is a team's already" if known else ""
    if known is None:
        return f"is about the team {printable(event.team)}, which is none"
    if isinstance(event, Rename) and name_key(event.name) != name_key(event.team) and state.team(event.name):
        return f"gives {known.name} the name of another team"
    return ""


def _of_an_entry(state: "State", event: Submit) -> str:
    if event.id in state.submissions:
        return f"brings the entry {event.id}, which is there already"
    if event.claim:
        return _of_a_team(state, event.claimed())
    return "" if state.team(event.team) else f"brings an entry of the team {printable(event.team)}, which is none"


def _of_a_measurement(state: "State", event: Measurement) -> str:
    if event.id not in state.submissions:
        return _no_entry(event.id)
    if not 1 <= event.round <= state.round:
        return f"measures {event.id} in round {event.round}, which has not begun"
    held = state.measured[event.round - 1].get(event.id)
    return (
        ""
        if replaces(held, event.source)
        else f"measures {event.id} in round {event.round}, where it has a score already"
    )


def _no_entry(id_: str) -> str:
    return f"is about the entry {printable(id_)}, which is none"
