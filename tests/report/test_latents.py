import sys

import numpy as np
import pytest
import torch

from flowleague.data import load_test
from flowleague.model.latent_flow import LatentFlow
from flowleague.report.latents import STOPS, Encoded, axes, components, pca_plane, shrunk, tsne, tsne_plane
from flowleague.report.missing import Missing


@pytest.fixture(scope="module")
def model(bundle):
    return LatentFlow.load(bundle)


@pytest.fixture(scope="module")
def held_out(idx_folder):
    return load_test(str(idx_folder))


@pytest.fixture(scope="module")
def encoded(model, held_out):
    z = model.encode(torch.from_numpy(held_out.pixels())).numpy()
    return Encoded(z, held_out.labels, z[:10])


def test_components_are_orthonormal_and_ordered_by_the_variance_they_hold():
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    z = (rng.normal(size=(4000, 3)) * [3, 2, 1]) @ rotation
    found = components(z.astype(np.float32))
    assert np.allclose(found.directions.T @ found.directions, np.eye(3), atol=1e-5)
    assert np.allclose(found.shares, np.array([9, 4, 1]) / 14, atol=0.02)
    assert np.allclose(np.abs(found.directions.T @ rotation.T), np.eye(3), atol=0.1)


def test_samples_lie_on_the_plane_of_the_test_digits(encoded):
    plane = pca_plane(encoded, components(encoded.test))
    assert np.allclose(plane.flow, plane.test[:10], atol=1e-4)
    assert np.allclose(plane.test.mean(0), 0, atol=1e-3)


def test_all_components_kept_is_the_plain_reconstruction(model, held_out, encoded):
    rows = shrunk(model, encoded, held_out, components(encoded.test))
    decoded = model.decode(torch.from_numpy(encoded.test)).numpy()
    assert rows[-1].k == 49
    assert rows[-1].mse == pytest.approx(float(((decoded - held_out.pixels()) ** 2).mean()), rel=1e-4)
    assert [row.k for row in rows] == sorted(row.k for row in rows)


def test_the_axis_that_changes_most_comes_first_and_the_middle_is_the_mean(model, encoded):
    found = axes(model, encoded.test, most=5)
    effects = found.images.var(1).sum((1, 2, 3))
    assert (np.diff(effects) <= 0).all()
    middle = model.decode(torch.from_numpy(encoded.test.mean(0)[None])).numpy()
    assert np.allclose(found.images[:, STOPS // 2], middle, atol=1e-5)
    assert 0 <= found.active <= found.size == 49


def test_latents_that_are_not_finite_are_missing(encoded):
    broken = encoded.test.copy()
    broken[0, 0] = np.nan
    with pytest.raises(Missing, match=r"1 of 4,900 numbers of the latents"):
        components(broken)


def clusters(n):
    """Three clusters of n latents each, and the cluster of each."""
    which = np.repeat(np.arange(3), n)
    far = np.random.default_rng(2).normal(size=(3 * n, 5)) + 20 * np.eye(3, 5)[which]
    return far.astype(np.float32), which


def test_clusters_stay_apart_and_the_same_seed_gives_the_same_map():
    z, which = clusters(20)
    y = tsne(z)
    centres = y.reshape(3, 20, 2).mean(1)
    assert (((y[:, None] - centres) ** 2).sum(2).argmin(1) == which).all()
    assert np.array_equal(y, tsne(z))


@pytest.mark.parametrize("n", [4, 5, 12])
def test_few_points_are_mapped_too(n):
    y = tsne(clusters(4)[0][:n])
    assert y.shape == (n, 2)
    assert np.isfinite(y).all()


def test_digits_and_samples_are_mapped_together():
    z, which = clusters(8)
    plane = tsne_plane(Encoded(z, which.astype(np.uint8), z[:3]), 20, 2)
    assert (plane.test.shape, plane.labels.shape, plane.flow.shape) == ((20, 2), (20,), (2, 2))
    apart = np.linalg.norm(plane.test - plane.flow[0], axis=1)
    assert apart.argmin() == 0


def test_a_map_that_cannot_be_made_is_missing(monkeypatch):
    with pytest.raises(Missing, match=r"All latents are equal"):
        tsne(np.ones((9, 5), np.float32))
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(Missing, match=r"^The t-SNE map needs scikit-learn; install it with: pip install 'flowleague"):
        tsne(clusters(4)[0])
