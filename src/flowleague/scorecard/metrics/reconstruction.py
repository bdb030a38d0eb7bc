"""Category 1, reconstruction: how much of a test image survives `decode(encode(x))`."""

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics._base import REAL, CategoryKind, Figure, MetricKind, Reconstructions, over_images

_ITSELF = "the image itself"


def _mse(r: Reconstructions) -> Figure:
    """Mean squared error between test images and their reconstructions: mean of (x - y)² over pixels and images.

    *Why:* what the latent loses; a column of 2025 (its first 256 images stand in `detail`). *Gaming:* MSE likes blur,
    so ssim and digit_kept stand beside it. A decoder that carries images past the latent: encoder and decoder of a code
    entry are separate processes that see images in different orders; `depends_on_batch` finds answers that change with
    the images beside; `hidden_bits` finds images kept in digits of a latent that 8 bits or a little noise take away,
    and then the figures without them count.
    """
    return over_images(r.squared_error, 0.0, _first_256(r.squared_error, r))


def _ssim(r: Reconstructions) -> Figure:
    """Structural similarity of test images and their reconstructions: 1 is equal.

    Mean over images (Wang et al. 2004), 7×7 uniform windows, range 1; scikit-image's value. *Why:* strokes rather than
    brightness. *Gaming:* as mse.
    """
    return over_images(r.similarity, 1.0, _first_256(r.similarity, r))


def _digit_kept(r: Reconstructions) -> Figure:
    """Share of reconstructions in which the judges read the original's label.

    *Why:* a small error may still turn a 4 into a 9. *Noise:* of the mean of both judges' hits. *Gaming:* a decoder
    that draws the prototype of a class keeps the digit; mse and ssim then show it.
    """
    kept = np.mean(list(r.kept.values()), axis=0)
    detail = {judge: float(right.mean()) for judge, right in r.kept.items()}
    return over_images(kept, float(np.mean(list(r.accuracy.values()))), detail)


def _mse_8_bit(r: Reconstructions) -> Figure:
    """Mean squared error with every latent moved to the nearest of 256 even steps over its range in the test set.

    *Why:* beside the exact one it shows what lies in the last bits. *Gaming:* it is itself the check: a squared error
    that grows by more than 5 % through rounding (and 10⁻⁵) is the finding `hidden_bits`.
    """
    return over_images(r.error_8_bit, 0.0)


def _ssim_8_bit(r: Reconstructions) -> Figure:
    """Structural similarity with latents rounded as in mse_8_bit.

    *Why, gaming:* as mse_8_bit.
    """
    return over_images(r.similarity_8_bit, 1.0)


def _mse_noise(r: Reconstructions) -> Figure:
    """Mean squared error with normal noise of 0.01 standard deviations on every latent.

    *Why:* a flow does not hit a latent in its last digits either. Honest decoders lose 10⁻⁵ to 10⁻³ by it, a picture in
    the digits of 49 floats 0.1. *Gaming:* it is itself the check: an error that grows by more than 10 % (and 10⁻⁴) is
    the finding `hidden_bits`, and then the figures with noise count; one that grows half as much as by noise of one
    standard deviation is `fragile_latents`, which voids the category.
    """
    return over_images(r.error_noise, 0.0)


def _first_256(values: NDArray, r: Reconstructions) -> dict[str, float]:
    """The mean over the images that the contest of 2025 reconstructed: the column of its board."""
    return {"first_256": float(values[r.first_256].mean())} if r.first_256.sum() == 256 else {}


RECONSTRUCTION = CategoryKind(
    "reconstruction",
    "VAE reconstruction quality",
    "recon.",
    "Test images x, and y = decode(encode(x)).",
    (
        MetricKind("mse", "mean squared error", "intensity²", "lower", "reconstructions", _mse, _ITSELF, short="MSE"),
        MetricKind("ssim", "structural similarity", "1", "higher", "reconstructions", _ssim, _ITSELF, short="SSIM"),
        MetricKind("digit_kept", "digit kept", "share", "higher", "reconstructions", _digit_kept, REAL, noise=0.0006),
        MetricKind(
            "mse_8_bit", "MSE, latents in 8 bits", "intensity²", "shown", "reconstructions", _mse_8_bit, _ITSELF
        ),
        MetricKind("ssim_8_bit", "SSIM, latents in 8 bits", "1", "shown", "reconstructions", _ssim_8_bit, _ITSELF),
        MetricKind("mse_noise", "MSE, noisy latents", "intensity²", "shown", "reconstructions", _mse_noise, _ITSELF),
    ),
)
