"""Every hostile entry is held: the right finding, the scorer alive, nothing left, nothing changed outside."""

from collections import Counter

import pytest

from tests.hostile.arena import attacks, run

AT_ONCE = 2  # of each outcome; `make test-long` runs the others of it


def cases():
    """All attacks, those marked long of which others with the same outcome come before."""
    before = Counter()
    for attack in attacks():
        before[attack.findings] += 1
        yield pytest.param(attack, id=attack.name, marks=[pytest.mark.long] * (before[attack.findings] > AT_ONCE))


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("FLOWLEAGUE_TEST_TOKEN", "secret")


@pytest.mark.parametrize("attack", list(cases()))
def test_attack_is_held(attack):
    assert run(attack).failing(attack) == ""


def test_there_are_many():
    assert len(attacks()) >= 40
