"""What a worker's answers make of an entry, before it is built."""

from typing import Any

import pytest

from flowleague.entrant.building import Building
from flowleague.entrant.model import Failure
from flowleague.limits import Limits


class Files:
    """Weight files that nobody asks for."""

    refusal = outage = None

    def answer(self, wanted):
        raise AssertionError


class Trying:
    """A worker that answers TRY."""

    def __init__(self, pace):
        self.pace = pace

    def call(self, *words, **options):
        return {"plan": {"kept": "0x1"}, "notes": ["as it is"], "pace": self.pace}


def found(pace: float, limits: Limits) -> Building:
    files: Any = Files()
    worker: Any = Trying(pace)
    building = Building(files, limits)
    building.find(worker)
    return building


def test_an_entry_that_would_take_far_too_long_is_told_so_before_anything_is_measured():
    with pytest.raises(Failure, match="2,048 images would take about 3,160 s, and a call may take 120 s") as failure:
        found(3160 / 2048, Limits())
    assert failure.value.name == "too_slow"
    assert "call_seconds" in failure.value.hint


def test_more_time_or_a_slow_clock_lets_it_in():
    for pace, limits in ((3160 / 2048, Limits(call_seconds=2000)), (0.15, Limits())):
        assert found(pace, limits).plan == {"kept": "0x1"}
