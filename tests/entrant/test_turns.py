"""One worker of an entry is alive at a time, and what was final stays."""

from typing import Any

import pytest

from flowleague.entrant.model import Failure, failure
from flowleague.entrant.turns import Turns

ALIVE: list[str] = []


class Made:
    """A worker that only keeps count of itself."""

    def __init__(self, role: str):
        ALIVE.append(role)
        self.role, self.failure, self.seconds_left = role, None, 100.0

    @property
    def lost(self) -> bool:
        return self.failure is not None

    def require(self) -> None:
        if self.failure:
            raise self.failure

    def give_up(self, failure: Failure) -> None:
        self.failure = failure

    def close(self) -> None:
        ALIVE.remove(self.role)

    def said(self) -> str:
        return f"{self.role} says\n"


class Built:
    """A building that fails to find, or to load, what it is told to."""

    def __init__(self, finds: bool = True, lost: str = ""):
        self.finds, self.lost = finds, lost

    def read(self, worker: Made) -> None: ...

    def find(self, worker: Made) -> None:
        if not self.finds:
            raise failure("raises", "load", "nothing there")

    def load(self, worker: Made) -> None:
        if worker.role == self.lost:
            worker.give_up(failure("out_of_memory", "load", "too large"))


@pytest.fixture
def turns():
    ALIVE.clear()
    opened = []

    def make(**options: Any) -> Turns:
        start: Any = Made
        building: Any = Built(**options)
        opened.append(Turns(start, building, kept_kib=64))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    assert ALIVE == []


def test_whoever_is_asked_ends_the_one_before(turns):
    entry = turns()
    first = entry.of("encode")
    assert entry.of("encode") is first
    for role in ("decode", "encode", "generate", "decode"):
        assert entry.of(role).role == role
        assert [role] == ALIVE
    entry.end()
    assert ALIVE == []
    assert entry.of("decode") is not first


def test_the_time_of_all_calls_goes_on_in_the_next_worker_of_a_role(turns):
    entry = turns()
    entry.of("encode").seconds_left = 7.0
    assert entry.of("decode").seconds_left == 100.0
    assert entry.of("encode").seconds_left == 7.0


def test_what_cannot_be_built_fails_for_every_role(turns):
    entry = turns(finds=False)
    for role in ("generate", "encode", "decode"):
        with pytest.raises(Failure, match="nothing there"):
            entry.of(role)
    assert "nothing there" in str(entry.failure)


def test_a_role_that_was_lost_is_not_started_again_and_the_others_are(turns):
    entry = turns(lost="decode")
    for _ in range(2):
        with pytest.raises(Failure, match="too large"):
            entry.of("decode")
        assert entry.of("encode").role == "encode"
    assert entry.failure is None
    entry.give_up("encode", failure("decoder_remembers", "encode", "it did"))
    with pytest.raises(Failure, match="it did"):
        entry.of("encode")


def test_what_each_says_is_kept_once(turns):
    entry = turns()
    for role in ("encode", "decode", "encode", "decode"):
        entry.of(role)
    assert entry.said() == "--- encode ---\nencode says\n\n--- decode ---\ndecode says\n"
