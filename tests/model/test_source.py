"""Noise in clusters: equally likely, a gap apart, normal within; and its density."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowleague.bundle.recipe import GAP
from flowleague.model.source import clustered, in_cluster, log_density, log_stretch, mended, on_simplex, torn


def normal(seed: int, n: int, size: int = 12) -> torch.Tensor:
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 2**31), st.integers(1, 12))
def test_the_largest_coordinate_alone_is_moved(seed: int, clusters: int) -> None:
    noise = normal(seed, 20)
    x_0 = clustered(noise, clusters)
    largest = noise[:, :clusters].argmax(1)
    assert torch.equal(x_0[:, :clusters].argmax(1), largest)
    moved = x_0 - noise
    assert torch.allclose(moved.sum(1), torch.full((20,), GAP))
    assert ((moved != 0).sum(1) == 1).all()


@given(st.integers(0, 2**31), st.integers(0, 12), st.floats(0.1, 2))
def test_a_temperature_scales_the_noise_alone(seed: int, clusters: int, temperature: float) -> None:
    noise = normal(seed, 20)
    scaled = clustered(noise, clusters, temperature)
    assert torch.allclose(scaled, clustered(noise, clusters) + (temperature - 1) * noise, atol=1e-5)
    assert torch.equal(clustered(noise, clusters, 1), clustered(noise, clusters))


@given(st.integers(0, 2**31), st.integers(2, 12))
def test_noise_of_a_class_is_of_its_cluster_and_has_the_same_numbers(seed: int, clusters: int) -> None:
    noise = normal(seed, 20)
    classes = torch.randint(clusters, (20,), generator=torch.Generator().manual_seed(seed))
    swapped = in_cluster(noise, classes, clusters)
    assert torch.equal(swapped[:, :clusters].argmax(1), classes)
    assert torch.equal(swapped.sort(dim=1).values, noise.sort(dim=1).values)


def test_noise_of_uniform_classes_is_normal_again() -> None:
    """Given the class it is N(0, I) given its largest coordinate; over all classes N(0, I)."""
    noise, classes = normal(0, 40_000, 5), torch.arange(40_000) % 4
    swapped = in_cluster(noise, classes, 4)
    assert torch.allclose(swapped.mean(0), torch.zeros(5), atol=0.03)
    assert torch.allclose(swapped.T.cov(), torch.eye(5), atol=0.03)
    untouched = normal(1, 40_000, 5)
    untouched = untouched[untouched[:, :4].argmax(1) == 2]
    assert torch.allclose(swapped[classes == 2].mean(0), untouched.mean(0), atol=0.04)


def test_without_clusters_it_is_the_normal_noise() -> None:
    noise = normal(0, 6)
    assert clustered(noise, 0) is noise
    assert in_cluster(noise, torch.zeros(6).long(), 0) is noise
    expected = torch.distributions.Normal(0, 1).log_prob(noise).sum(1)
    assert torch.allclose(log_density(noise, 0), expected)


def test_the_density_is_that_of_the_noise_and_zero_in_the_gaps() -> None:
    noise = normal(0, 50)
    expected = torch.distributions.Normal(0, 1).log_prob(noise).sum(1)
    assert torch.allclose(log_density(clustered(noise, 10), 10), expected, atol=1e-4)
    assert (log_density(torch.zeros(1, 12), 10) == -torch.inf).all()


def test_the_density_integrates_to_one() -> None:
    """On a grid over the plane, both coordinates of which say the cluster."""
    axis = torch.linspace(-6, 9, 601)
    x, y = torch.meshgrid(axis, axis, indexing="ij")
    density = log_density(torch.stack([x.flatten(), y.flatten()], 1), 2).exp()
    cell = float(axis[1] - axis[0]) ** 2
    assert float(density.sum()) * cell == pytest.approx(1, abs=0.01)
    assert math.isfinite(float(density.max()))


@given(st.integers(0, 2**31), st.integers(1, 12), st.floats(0.1, 3))
def test_mending_undoes_tearing_and_tearing_mending(seed: int, clusters: int, gap: float) -> None:
    z, x = normal(seed, 200), clustered(normal(seed + 1, 200), clusters)
    assert torch.allclose(mended(torn(z, clusters, gap), clusters, gap), z, atol=2e-5)
    assert torch.allclose(torn(mended(x, clusters, gap), clusters, gap), x, atol=2e-5)


def test_tearing_loses_nothing() -> None:
    """It is the gradient of a convex function: distances grow, so no two latents become one."""
    a, b = normal(0, 500), normal(1, 500)
    assert ((torn(a, 10, 2.0) - torn(b, 10, 2.0)) * (a - b)).sum(1).ge((a - b).square().sum(1) - 1e-3).all()


def test_the_stretch_is_the_determinant_of_the_jacobian() -> None:
    z = normal(0, 8, 6)
    jacobians = [torch.autograd.functional.jacobian(lambda row: torn(row[None], 4, 2.0)[0], row) for row in z]
    expected = torch.stack([torch.logdet(jacobian) for jacobian in jacobians])  # pyright: ignore[reportArgumentType]
    assert torch.allclose(log_stretch(z, 4, 2.0), expected, atol=1e-4)
    assert log_stretch(z, 0, 2.0).eq(0).all()


@given(st.integers(0, 2**31), st.integers(1, 12))
def test_no_point_of_the_simplex_is_nearer(seed: int, size: int) -> None:
    p, others = normal(seed, 30, size), normal(seed + 1, 30, size).softmax(1)
    nearest = on_simplex(p)
    assert torch.allclose(nearest.sum(1), torch.ones(30), atol=1e-5)
    assert (nearest >= 0).all()
    assert ((p - nearest).norm(dim=1) <= (p - others).norm(dim=1) + 1e-5).all()


def test_without_clusters_nothing_is_torn() -> None:
    z = normal(0, 3)
    assert torn(z, 0, 2.0) is mended(z, 0, 2.0) is z
