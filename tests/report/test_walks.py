import numpy as np
import pytest
import torch

from flowleague.model.latent_flow import LatentFlow
from flowleague.report.walks import great_circle, interpolations, paths


@pytest.fixture(scope="module")
def model(bundle):
    return LatentFlow.load(bundle)


def test_a_great_circle_runs_from_one_to_the_other_at_the_same_distance():
    a, b = torch.tensor([[2.0, 0, 0]]), torch.tensor([[0, 2.0, 0]])
    s = torch.linspace(0, 1, 5)[None, :, None]
    points = great_circle(a, b, s)[0]
    assert torch.allclose(points[[0, -1]], torch.cat([a, b]), atol=1e-5)
    assert torch.allclose(points.norm(dim=1), torch.tensor(2.0), atol=1e-5)
    assert torch.allclose(points[2], torch.tensor([2**0.5, 2**0.5, 0]), atol=1e-5)


def test_walks_begin_and_end_at_the_models_own_samples(model):
    walks = interpolations(model, pairs=3)
    samples = model.generate(6).numpy()
    for walk in (walks.straight, walks.flow):
        assert walk.shape == (3, 11, 1, 28, 28)
        assert np.allclose(walk[:, 0], samples[::2], atol=1e-4)
        assert np.allclose(walk[:, -1], samples[1::2], atol=1e-4)
    assert not np.allclose(walks.straight[:, 5], walks.flow[:, 5], atol=1e-2)


def test_paths_end_in_the_models_own_samples(model):
    found = paths(model, 3, 7)
    assert found.images.shape == (24, 3, 1, 28, 28)
    assert found.latents.shape == (24, 7, 49)
    assert np.allclose(found.images[-1], model.generate(3).numpy(), atol=1e-5)
