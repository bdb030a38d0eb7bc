"""Who leads and what each category won: the parts add up to the score, and the medians to what was won."""

import pytest
from hypothesis import given
from tests.ranking.fields import CATEGORIES, fields

from flowleague.ranking.account import advice, lead, parts
from flowleague.ranking.gains import gains
from flowleague.ranking.improvements import improvements
from flowleague.ranking.intervals import certainties
from flowleague.ranking.rank import rank


@given(fields(least=2))
def test_the_parts_add_up_to_the_score(entries):
    standings = rank(entries, CATEGORIES)
    for row in standings.ranked:
        found = parts(standings)[row.entry.id]
        assert sum(part.rank for part in found) == pytest.approx(row.score)
        assert [part.won for part in found] == sorted((part.won for part in found), reverse=True)
        for part in found:
            assert part.best <= min(part.rank, part.median) <= max(part.rank, part.median) <= part.last
            assert part.place == 1 + sum(r.category_ranks[part.name] < part.rank for r in standings.ranked)


@given(fields(least=2))
def test_the_lead_is_the_distance_to_the_next_place(entries):
    standings = rank(entries, CATEGORIES)
    found = lead(standings, certainties(standings))
    assert found
    assert {row.place for row in found.winners} == {1}
    if found.rival:
        assert found.ahead == found.rival.score - found.winners[0].score >= 0
        assert found.rival.place == 1 + len(found.winners)
    else:
        assert len(found.winners) == len(entries)


def test_nobody_leads_an_empty_field():
    assert lead(rank([], CATEGORIES), {}) is None


@given(fields(least=2))
def test_the_advice_is_the_best_of_what_gains(entries):
    standings = rank(entries, CATEGORIES)
    for row in standings.ranked:
        i = standings.field.entries.index(row.entry)
        found, steps, places = (
            advice(standings, row, parts(standings)[row.entry.id]),
            gains(standings, i),
            improvements(standings, i),
        )
        placed = [step for step in steps if step.place < row.place] or steps
        assert found.step == (placed[0] if placed else None)
        assert found.smallest == (places[0] if places else None)
        assert found.weakest.rank == max(row.category_ranks.values())
        if found.step:
            best = max(step.points for step in steps)
            assert (found.most or found.step).points == best
