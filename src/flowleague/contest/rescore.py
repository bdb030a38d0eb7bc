"""Measuring everything again, and listing who moved and why.

The scorecards of earlier rounds stay. Places change only when all of the new round is there; a rescoring that was
interrupted continues where it stopped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowleague.contest.events import Measurement, Score, evaluator_of
from flowleague.contest.folder import Contest, ContestError
from flowleague.contest.records import writing
from flowleague.contest.standing import standing_of
from flowleague.ranking.field import Entry
from flowleague.ranking.rank import Row, rank

SHOWN = 3  # metrics named for one team


@dataclass(frozen=True)
class _Shift:
    """A metric whose rank changed: its name, its value and its rank before and after."""

    metric: str
    before: float | None
    after: float | None
    rank_before: int
    rank_after: int


@dataclass(frozen=True)
class Move:
    """A team's place and score before and after, and the metrics that moved it most."""

    team: str
    before: int
    after: int
    score_before: float
    score_after: float
    shifts: tuple[_Shift, ...]


@dataclass(frozen=True)
class Changes:
    """What a new round changed: how its evaluator differs, and every ranked team, those that moved first."""

    evaluator: tuple[str, ...]
    moves: tuple[Move, ...]


def begin_round(folder: Path, reason: str) -> int:
    """Begin a new round, unless the last one is unfinished; returns the number of the round to measure."""
    with writing(folder) as writer:
        state = writer.state
        if state.settled() == state.round and any(state.measured):
            writer.append("rescore", {"reason": reason})
            return state.round + 1
        return state.round


def begin_again(folder: Path, team: str, reason: str) -> tuple[str, ...]:
    """Let the entries of a team be measured again in this round, with the same seeds; returns their ids.

    The reason is recorded before anything runs. Raises `ContestError` where the team has no measured entry.
    """
    with writing(folder) as writer:
        state = writer.state
        ids = tuple(s.id for s in state.of_team(team) if s.id in state.measured[-1] and not state.is_out(s.id))
        if not ids:
            raise ContestError(
                f"No entry of {team} was measured in this round; `flowleague contest entries` lists all."
            )
        writer.append("again", {"ids": ids, "reason": reason})
    return ids


def changes(contest: Contest, before: int, after: int) -> Changes:
    """What distinguishes two rounds, for the entries that both measured."""
    old, new = (standing_of(contest, round_).entries for round_ in (before, after))
    common = {entry.id for entry in old} & {entry.id for entry in new}
    old_rows, new_rows = (_rows(contest, [e for e in entries if e.id in common]) for entries in (old, new))
    moves = [_move(old_rows[id_], new_rows[id_]) for id_ in new_rows]
    moves.sort(key=lambda move: (move.before == move.after, move.after, move.team))
    was, is_ = (contest.state.measured[round_ - 1] for round_ in (before, after))
    return Changes(tuple(_differences(was, is_)), tuple(moves))


def _differences(before: Mapping[str, Measurement], after: Mapping[str, Measurement]) -> Iterator[str]:
    """How the evaluators of two rounds differ, in words; their machines too, where both rounds have some on record."""
    was, is_ = evaluator_of(before), evaluator_of(after)
    if was and is_:
        yield from is_.differences(was)
    old, new = _machines(before), _machines(after)
    if old and new and old != new:
        yield f"measured on {'; '.join(new)} instead of {'; '.join(old)}"


def _machines(measured: Mapping[str, Measurement]) -> list[str]:
    """The kinds of machines that measured a round here, each once."""
    here = (one.by.machine for one in measured.values() if isinstance(one, Score) and one.source == "here")
    return sorted(set(here) - {""})


def _rows(contest: Contest, entries: list[Entry]) -> dict[str, Row]:
    rules = contest.rules
    standings = rank(entries, rules.categories, rules.ranking.scheme, rules.ranking.ties)
    return {row.entry.id: row for row in standings.ranked}


def _move(old: Row, new: Row) -> Move:
    shifts = sorted(_shifts(old, new), key=lambda shift: -abs(shift.rank_after - shift.rank_before))
    return Move(new.entry.team, old.place, new.place, old.score, new.score, tuple(shifts[:SHOWN]))


def _shifts(old: Row, new: Row) -> Iterator[_Shift]:
    for metric, rank_after in new.metric_ranks.items():
        rank_before = old.metric_ranks[metric]
        if rank_before != rank_after:
            values = (row.entry.metrics.get(metric) for row in (old, new))
            before, after = (measured.value if measured else None for measured in values)
            yield _Shift(metric, before, after, rank_before, rank_after)
