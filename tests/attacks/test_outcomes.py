"""What code could hide while it was run is counted or useless once it is captured, and where it is run, not ranked."""

from pathlib import Path

import pytest

from tests.attacks import ATTACKS, HIDDEN, write
from tests.attacks.outcome import Ground

pytestmark = pytest.mark.long
HONEST = 784 * 3 + 3 + 3 * 784 + 784
NUMBERS = {
    "numbers in a Python list": HIDDEN,
    "numbers in a Python int": HIDDEN,
    "numbers in tuples and closures": 2 * HIDDEN,
    "numbers in a file": HIDDEN,
    "four int8 in each float32": HIDDEN,
    "eight int8 in each int64 of the weights": 2 * HIDDEN,
    "numbers in the metadata of the weights": HIDDEN,
}


@pytest.fixture(scope="module")
def ground() -> Ground:
    return Ground()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing(name: str, ground: Ground, tmp_path: Path) -> None:
    came = ground.outcome(write(name, tmp_path / "entry"))
    assert not came.gains, str(came)
    mse, numbers = came.value("reconstruction.mse"), came.value("efficiency.tensors_total")
    assert mse is None or mse > 0.03, str(came)
    if came.kind == "captured" and name in NUMBERS:
        assert numbers is not None
        assert numbers >= HONEST + NUMBERS[name], str(came)


def test_an_honest_entry_is_ahead_in_what_it_is_better_in(ground: Ground) -> None:
    honest = ground.as_counted(ground.honest, "honest")
    assert not honest.aside
    assert not honest.flags


def test_what_is_no_entry_was_not_tried_and_does_not_count_as_held(ground: Ground, tmp_path: Path) -> None:
    path = tmp_path / "attack.py"
    path.write_text("import flowleague_that_is_gone\n")
    came = ground.outcome(path)
    assert (came.kind, came.verdict) == ("not tried", "untried")
    assert came.why
