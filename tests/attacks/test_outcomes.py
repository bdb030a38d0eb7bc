"""What code could hide while it was run is counted or useless once it is captured."""

from pathlib import Path

import numpy as np
import pytest

from tests.attacks import ATTACKS, HIDDEN, source
from tests.attacks.outcome import outcome

pytestmark = pytest.mark.long
TRAINING, UNSEEN = np.random.default_rng(0).random((2, 40, 1, 28, 28), np.float32)
HONEST = 784 * 3 + 3 + 3 * 784 + 784
IMAGES = [name for name in ATTACKS if name.startswith("images")]
NUMBERS = ["numbers in a Python list", "numbers in a file", "four int8 in each float32"]


def tried(name: str, place: Path):
    (place / "entry.py").write_text(source(name))
    return outcome(place / "entry.py", TRAINING, UNSEEN, place / "made.zip")


@pytest.mark.parametrize("name", IMAGES)
def test_images_that_the_encoder_hands_over_do_not_come_back(name: str, tmp_path: Path):
    came = tried(name, tmp_path)
    assert came.kind == "not captured" or came.mse > 0.05


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_beside_the_parameters_are_counted(name: str, tmp_path: Path):
    came = tried(name, tmp_path)
    assert came.kind == "not captured" or came.parameters >= HONEST + HIDDEN
