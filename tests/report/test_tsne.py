import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flowleague.report.tsne import gradient, joint_probabilities, tsne


def points(n, seed, size=5):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed))


@given(st.integers(10, 40), st.floats(2, 8), st.integers(0, 9))
@settings(max_examples=settings().max_examples // 3)
def test_probabilities_are_symmetric_and_sum_to_one(n, perplexity, seed):
    p = joint_probabilities(points(n, seed), perplexity)
    assert torch.allclose(p, p.T)
    assert torch.allclose(p.sum(), torch.tensor(1.0), atol=1e-5)
    assert (p.diagonal() == 0).all()


def test_each_row_has_the_perplexity_that_was_asked_for():
    circle = torch.linspace(0, 2 * torch.pi, 41)[:-1]  # every point sees the same, so p_j|i is symmetric already
    p = joint_probabilities(torch.stack([circle.cos(), circle.sin()], 1), 7.0) * 40
    entropy = -torch.xlogy(p, p).sum(1)
    assert torch.allclose(entropy.exp(), torch.tensor(7.0), rtol=1e-3)


def test_the_gradient_is_that_of_the_divergence():
    p, y = joint_probabilities(points(12, 0), 4).double(), points(12, 1, 2).double().requires_grad_()
    others = ~torch.eye(12, dtype=torch.bool)
    w = (1 + (y[:, None] - y).square().sum(2)).reciprocal()[others]
    torch.xlogy(p[others], p[others] * w.sum() / w).sum().backward()
    assert y.grad is not None
    assert torch.allclose(gradient(p, y.detach()), y.grad, atol=1e-9)


def test_clusters_stay_apart_and_the_map_is_the_same_every_time():
    far = points(60, 2).numpy() + 20 * np.repeat(np.eye(3, 5, dtype=np.float32), 20, axis=0)
    y = tsne(far, perplexity=8, iterations=500)
    centres = y.reshape(3, 20, 2).mean(1)
    nearest = ((y[:, None] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == np.repeat(np.arange(3), 20)).all()
    assert np.array_equal(y, tsne(far, perplexity=8, iterations=500))
