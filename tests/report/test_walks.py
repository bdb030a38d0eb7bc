import numpy as np
import pytest
import torch

from flowleague.data import Split, load_test
from flowleague.generator.model import LatentFlow
from flowleague.generator.solvers import at_one_time, solve
from flowleague.report.missing import Missing
from flowleague.report.walks import great_circle, interpolations, paths, to_noise


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


def test_the_way_back_to_noise_leads_to_the_same_latent(model):
    z = model.encode(torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    again = solve(at_one_time(model.velocity), to_noise(model, z), "rk4", 20)
    assert torch.allclose(model.velocity.denormalise(again), z, atol=1e-3)


def test_walks_begin_and_end_at_the_reconstructions(model, idx_folder):
    digits = load_test(str(idx_folder))
    walks = interpolations(model, digits)
    assert walks.pairs[0] == (0, 1)
    first = int(np.argmax(digits.labels == 0))
    decoded = model.decode(model.encode(torch.from_numpy(digits.pixels()[first : first + 1]))).numpy()
    assert np.allclose(walks.straight[0, 0], decoded[0], atol=1e-4)
    one = Split(digits.images[digits.labels == 1], digits.labels[digits.labels == 1])
    with pytest.raises(Missing, match="all of one class"):
        interpolations(model, one)


def test_paths_end_in_the_models_own_samples(model):
    found = paths(model, 3, 7)
    assert found.images.shape == (21, 3, 1, 28, 28)
    assert found.latents.shape == (21, 7, 49)
    assert np.allclose(found.images[-1], model.generate(3).numpy(), atol=1e-5)
