import numpy as np
import pytest
import torch

from flowleague.training import augmentation
from flowleague.training.augmentation import warp


@pytest.fixture
def blobs():
    """A Gaussian blob in the middle of each of 64 images."""
    axis = torch.arange(28) - 13.5
    return torch.exp(-(axis[:, None] ** 2 + axis**2) / 18).expand(64, 1, 28, 28).contiguous()


def test_no_strength_is_the_identity(blobs, monkeypatch):
    for name in ("ROTATION", "LOG_SCALE", "SHEAR", "SHIFT", "ELASTIC"):
        monkeypatch.setattr(augmentation, name, 0.0)
    assert torch.allclose(warp(blobs, torch.Generator().manual_seed(0)), blobs, atol=1e-5)


def test_shift_moves_the_centre_of_mass_by_at_most_its_range(blobs, monkeypatch):
    for name in ("ROTATION", "LOG_SCALE", "SHEAR", "ELASTIC"):
        monkeypatch.setattr(augmentation, name, 0.0)
    moved = warp(blobs, torch.Generator().manual_seed(0))[:, 0]
    axis = torch.arange(28.0)
    mass = moved.sum((1, 2))
    x, y = (moved.sum(1) * axis).sum(1) / mass - 13.5, (moved.sum(2) * axis).sum(1) / mass - 13.5
    reach = augmentation.SHIFT / augmentation.PIXEL
    assert max(x.abs().max(), y.abs().max()) <= reach
    assert min(x.std(), y.std()) > reach / 6  # U(0,1) times U(-1,1) has deviation 1/3


def test_elastic_field_has_the_stated_deviation():
    knots = torch.randn(2000, 1, augmentation.KNOTS, augmentation.KNOTS, generator=torch.Generator().manual_seed(0))
    field = augmentation._BASIS @ knots @ augmentation._BASIS.T
    assert field.std().item() == pytest.approx(1, abs=0.03)


def test_images_stay_images_and_equal_seeds_warp_equally(blobs):
    noise = torch.from_numpy(np.random.default_rng(0).random((64, 1, 28, 28), np.float32))
    first, again, other = (warp(noise, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert first.shape == noise.shape
    assert first.dtype == torch.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
