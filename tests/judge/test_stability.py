"""What changes with the number of threads is found; a rare flip of a code is not."""

import numpy as np
import pytest

from flowleague.entrant.model import Model
from flowleague.judge.checked import CheckedModel
from flowleague.judge.stability import changed, unstable
from flowleague.scorecard.metrics._base import Unmeasurable

IMAGES = np.random.default_rng(0).random((300, 1, 28, 28), np.float32)


def model(chaos=False, flips=0.0, seed=0):
    rng = np.random.default_rng(seed)

    def shifted(images):
        if chaos:
            return rng.random(images.shape, np.float32)
        flipped = rng.random(len(images)) < flips
        return np.where(flipped[:, None, None, None], 1 - images, (images + 1e-5 * rng.random()).clip(0, 1))

    def decode(latents):
        return shifted(np.repeat(latents, 16, 1).reshape(-1, 1, 28, 28).clip(0, 1)).astype(np.float32)

    def generate(n, seed):
        return shifted(np.random.default_rng(seed).random((n, 1, 28, 28), np.float32)).astype(np.float32)

    return Model(lambda x: x.reshape(-1, 784)[:, ::16], decode, generate)


@pytest.mark.parametrize("settings", [{}, {"flips": 0.01}])
def test_rounding_and_rare_flips_are_no_finding(settings):
    assert unstable(CheckedModel(model()), model(seed=1, **settings), IMAGES, 5) == {}


def test_chaos_spoils_what_is_computed_with_it():
    found = unstable(CheckedModel(model()), model(chaos=True), IMAGES, 5)
    assert set(found) == {"reconstruction", "consistency", "quality", "diversity"}
    assert {finding.name for finding in found.values()} == {"unstable"}
    assert isinstance(found["quality"], Unmeasurable)


def test_what_cannot_be_asked_again_is_no_finding():
    assert unstable(CheckedModel(model()), None, IMAGES, 5) == {}


def test_a_change_is_counted_by_images():
    moved = IMAGES.copy()
    moved[:30, 0, 3, 4] += 0.02
    assert changed(IMAGES, moved) == pytest.approx(0.1)
    assert changed(IMAGES, IMAGES + 0.005) == 0
