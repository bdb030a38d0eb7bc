"""Copies count once, for whoever sent them first; a cleared finding costs nothing while its numbers stand."""

import numpy as np
import pytest
from safetensors.numpy import save
from tests.contest.conftest import SCORER

from flowleague.contest.copies import tensors_of
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.standing import board_of
from flowleague.contest.submit import clear


def flags(contest) -> dict[str, list[str]]:
    rows = board_of(open_contest(contest)).standings.rows
    return {row.entry.team: [flag.name for flag in row.entry.flags] for row in rows}


def test_tensors_are_known_by_their_content_not_by_their_names():
    weights = np.arange(100, dtype=np.float32)
    one = tensors_of({"vae.safetensors": save({"a": weights, "zeros": np.zeros(100, np.float32)})})
    other = tensors_of({"x.safetensors": save({"b": weights.reshape(10, 10), "small": weights[:10]})})
    assert one == other
    assert list(one.values()) == [100]
    assert tensors_of({"vae.safetensors": b"v", "notes.txt": b""}) == {}


def test_equal_outputs_count_once_for_the_first_and_can_be_cleared(contest, send):
    send("first", "# fine")
    copy = send("copy", "# fine")
    send("other", "# fine\n# another")
    evaluate(contest, scorer=SCORER)
    assert flags(contest) == {"first": [], "copy": ["equal_outputs"], "other": []}
    assert [row.entry.team for row in board_of(open_contest(contest)).standings.ranked].count("copy") == 0
    with pytest.raises(ContestError, match="there are: equal_outputs"):
        clear(contest, copy.id, "stored_bank", "why", "A. Judge")
    with pytest.raises(ContestError, match="reason and the name"):
        clear(contest, copy.id, "equal_outputs", " ", "A. Judge")
    clear(contest, copy.id, "equal_outputs", "one team of two names", "A. Judge")
    board = board_of(open_contest(contest))
    assert "copy" in [row.entry.team for row in board.standings.ranked]
    (row,) = [row for row in board.standings.rows if row.entry.team == "copy"]
    assert row.entry.flags[0].cleared == "A. Judge: one team of two names"
