"""Category 1, reconstruction: how much of a test image survives `decode(encode(x))`.

MSE    mean over pixels of (x - y)²
SSIM   Wang et al. 2004, eq. 13, with the defaults of scikit-image: uniform 7×7 windows that lie inside the image,
       sample covariances, data range 1:  (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2))
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

WINDOW = 7
C1, C2 = 0.01**2, 0.03**2
BATCH = 2000


def squared_error(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Mean squared error of each image: arrays (N, 1, 28, 28) in [0, 1] to (N,), in intensity²."""
    pairs = zip(_batches(x), _batches(y), strict=True)
    return np.concatenate([((a - b) ** 2).mean((1, 2, 3)).numpy() for a, b in pairs])


def ssim(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Structural similarity of each pair of images: arrays (N, 1, 28, 28) in [0, 1] to (N,) in [-1, 1].

    Equal to ``skimage.metrics.structural_similarity(x, y, data_range=1)``, in float64 and for many images at once.
    """
    pairs = zip(_batches(x), _batches(y), strict=True)
    return np.concatenate([_ssim(a, b).numpy() for a, b in pairs])


def _ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    μx, μy = _window_mean(x), _window_mean(y)
    σxx = unbiased * (_window_mean(x * x) - μx * μx)
    σyy = unbiased * (_window_mean(y * y) - μy * μy)
    σxy = unbiased * (_window_mean(x * y) - μx * μy)
    similarity = (2 * μx * μy + C1) * (2 * σxy + C2) / ((μx**2 + μy**2 + C1) * (σxx + σyy + C2))
    return similarity.mean((1, 2, 3))


def _window_mean(x: torch.Tensor) -> torch.Tensor:
    return F.avg_pool2d(F.avg_pool2d(x, (WINDOW, 1), stride=1), (1, WINDOW), stride=1)


def _batches(images: NDArray) -> list[torch.Tensor]:
    starts = range(0, len(images), BATCH)
    return [torch.from_numpy(images[i : i + BATCH].astype(np.float64)) for i in starts]
