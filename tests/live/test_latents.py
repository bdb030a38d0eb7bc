"""Principal directions of a flow's samples."""

import pytest
import torch
from tests.live.conftest import fresh

from flowleague.generator.randomness import noise
from flowleague.live.latents import SAMPLES, principal_directions


def test_directions_are_orthonormal_and_carry_the_variance():
    model = fresh("vector")
    directions = principal_directions(model)
    axes = torch.tensor([direction.axis for direction in directions])
    assert torch.allclose(axes @ axes.T, torch.eye(6), atol=1e-5)
    *_, z = model.paths(noise(0, 0, SAMPLES, 6))
    along = (model.velocity.normalise(z) @ axes.T).std(dim=0)
    assert along.tolist() == pytest.approx([direction.deviation for direction in directions], rel=1e-4)
    shares = [direction.share for direction in directions]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
