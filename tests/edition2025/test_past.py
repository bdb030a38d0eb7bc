"""The board of 2025 as history: kept once, marked, and ranked again to the last digit."""

import json

import pytest

from flowleague.contest.chain import read_records
from flowleague.contest.toml import RulesError
from flowleague.contest.verify import verify
from flowleague.edition2025 import read_board
from flowleague.edition2025.past import COLUMNS, FILE, import_history, past_entries, read_history
from flowleague.ranking.rank import rank


def test_it_is_kept_once_and_marked(contest):
    assert import_history(contest)[1]
    assert not import_history(contest)[1]
    (record,) = read_records(contest)
    assert record.body["comparable"] is False
    content = json.loads((contest / FILE).read_text())
    assert content["comparable"] is False
    assert len(content["rows"]) == 10
    assert read_history(contest) == read_board("class") + read_board("open")
    assert verify(contest).faults == []


@pytest.mark.parametrize("board", ["class", "open"])
def test_its_published_ranking_is_reproduced_to_the_last_digit(board, contest):
    import_history(contest)
    rows = read_history(contest)
    published = {row.team: row.overall_rank for row in rows if row.board == board}
    ranked = rank(past_entries(rows, board), COLUMNS, "columns", "share").rows
    assert {row.entry.team: row.score for row in ranked} == published
    assert [row.entry.team for row in ranked] == sorted(published, key=lambda team: published[team])


def test_a_contest_without_history_says_how_to_get_it(contest):
    with pytest.raises(RulesError, match="import-history"):
        read_history(contest)
    import_history(contest)
    (contest / FILE).write_text('{"rows": [{}]}')
    with pytest.raises(RulesError, match="was altered"):
        read_history(contest)
