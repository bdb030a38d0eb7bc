"""SSIM, the structural similarity of two images (Wang et al. 2004, eq. 13).

With mu, sigma^2 and sigma_xy the means, variances and covariances in each window:

    (2 mu_x mu_y + C1)(2 sigma_xy + C2) / ((mu_x^2 + mu_y^2 + C1)(sigma_x^2 + sigma_y^2 + C2))

averaged over the windows, with the defaults of scikit-image: uniform 7x7 windows that lie inside the image, sample
covariances, data range 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_WINDOW = 7
_C1, _C2 = 0.01**2, 0.03**2


def structural_similarity(x: Tensor, y: Tensor) -> Tensor:
    """The similarity of each pair of images (B, 1, H, W) in [0, 1], (B,) in [-1, 1], with gradients.

    >>> x = torch.rand(2, 1, 28, 28)
    >>> structural_similarity(x, x)
    tensor([1., 1.])
    """
    means = _window_means(torch.cat([x, y, x * x, y * y, x * y], 1))
    mu_x, mu_y, xx, yy, xy = means.unbind(1)
    unbiased = _WINDOW**2 / (_WINDOW**2 - 1)
    var_x, var_y = unbiased * (xx - mu_x * mu_x), unbiased * (yy - mu_y * mu_y)
    covariance = unbiased * (xy - mu_x * mu_y)
    above = (2 * mu_x * mu_y + _C1) * (2 * covariance + _C2)
    return (above / ((mu_x**2 + mu_y**2 + _C1) * (var_x + var_y + _C2))).mean((1, 2))


def _window_means(x: Tensor) -> Tensor:
    """Means over all windows (B, C, H - 6, W - 6), rows before columns."""
    return F.avg_pool2d(F.avg_pool2d(x, (_WINDOW, 1), stride=1), (1, _WINDOW), stride=1)
