"""Every hostile entry is held: the right finding, the scorer alive, nothing left, nothing changed outside."""

import pytest

from tests.hostile.arena import attacks, run


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("FLOWLEAGUE_TEST_TOKEN", "secret")


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
def test_attack_is_held(attack):
    assert run(attack).failing(attack) == ""


def test_there_are_many():
    assert len(attacks()) >= 40
