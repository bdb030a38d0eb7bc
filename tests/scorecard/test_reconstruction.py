import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity

from flowleague.scorecard.metrics.reconstruction import squared_error, ssim

pixels = arrays(np.float64, (2, 1, 28, 28), elements=st.floats(0, 1, width=32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ssim_equals_scikit_image(dtype):
    rng = np.random.default_rng(0)
    x = rng.random((50, 1, 28, 28)).astype(dtype)
    x[:20] = x[:20] > 0.8  # the flat dark regions of digits
    y = np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1).astype(dtype)
    expected = [structural_similarity(a[0], b[0], data_range=1) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(ssim(x, y), expected, atol=1e-6, rtol=0)


@given(pixels, pixels)
def test_ssim_is_symmetric_and_bounded_and_one_only_on_the_diagonal(x, y):
    similarity = ssim(x, y)
    np.testing.assert_allclose(similarity, ssim(y, x), atol=1e-12)
    assert (np.abs(similarity) <= 1 + 1e-9).all()
    np.testing.assert_allclose(ssim(x, x), 1, atol=1e-9)


@given(pixels, pixels)
def test_squared_error_is_the_mean_over_pixels(x, y):
    np.testing.assert_allclose(squared_error(x, y), ((x - y) ** 2).reshape(2, -1).mean(1), atol=1e-15)


def test_many_images_are_measured_in_order():
    x = np.zeros((4001, 1, 28, 28), np.float32)
    y = np.broadcast_to(np.linspace(0, 1, 4001, dtype=np.float32)[:, None, None, None], x.shape)
    np.testing.assert_allclose(squared_error(x, y), np.linspace(0, 1, 4001) ** 2, atol=1e-6)
