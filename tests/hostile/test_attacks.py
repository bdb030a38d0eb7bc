"""Every hostile entry is held: the right finding, the scorer alive, nothing left, nothing changed outside."""

import pytest

from tests.hostile.arena import attacks, run

# One of each kind: of memory, time, replies, secrets, processes and the network. `make test-long` runs all.
QUICK = {
    "memory_bomb",
    "endless_loop",
    "forged_reply",
    "read_environment",
    "fork_bomb",
    "network",
    "array_for_text",
}


def cases():
    """All attacks, most of them marked long."""
    for attack in attacks():
        yield pytest.param(attack, id=attack.name, marks=[pytest.mark.long] * (attack.name not in QUICK))


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("FLOWLEAGUE_TEST_TOKEN", "secret")


@pytest.mark.parametrize("attack", list(cases()))
def test_attack_is_held(attack):
    assert run(attack).failing(attack) == ""


def test_there_are_many():
    assert len(attacks()) >= 40
    assert {attack.name for attack in attacks()} > QUICK
