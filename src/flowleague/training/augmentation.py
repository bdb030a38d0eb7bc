"""Random warps of a batch of images: an affine map and an elastic field, drawn per image, in one `grid_sample`.

The warped image at pixel p is x(A p + b + u(p)): A = rotation, scale and shear, b a shift, and u a random field
smoothed by a Gaussian (Simard et al., Best Practices for Convolutional Neural Networks, ICDAR 2003). A strength
drawn from U(0, 1) scales all of it, image by image: the network also sees digits almost as they were written.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_SIZE = 28
PIXEL = 2 / _SIZE  # in the coordinates of grid_sample, where the image spans [-1, 1]
ROTATION = math.radians(15)
LOG_SCALE = 0.15
SHEAR = 0.2
SHIFT = 2.5 * PIXEL
ELASTIC = 1.3 * PIXEL  # standard deviation of a displacement
KNOTS, _SMOOTHING = 8, 3.5  # random vectors per side, and the Gaussian's standard deviation in pixels


def _basis() -> Tensor:
    """(28, KNOTS): Gaussian bumps along one axis, rows of unit norm, so that the field keeps its deviation."""
    pixels, knots = torch.arange(_SIZE) + 0.5, torch.linspace(0, _SIZE, KNOTS)
    bumps = torch.exp(-((pixels[:, None] - knots) ** 2) / (2 * _SMOOTHING**2))
    return bumps / bumps.norm(dim=1, keepdim=True)


_BASIS = _basis()
_AXIS = (torch.arange(_SIZE) + 0.5) * PIXEL - 1
_POINTS = torch.stack([_AXIS.repeat(_SIZE), _AXIS.repeat_interleave(_SIZE), torch.ones(_SIZE**2)], dim=1)  # x, y, 1


def warp(images: Tensor, generator: torch.Generator) -> Tensor:
    """Warp each image at random: (B, 1, 28, 28) in [0, 1] to the same shape and range; empty pixels become 0."""
    B, device = len(images), images.device
    strength = torch.rand(B, 1, generator=generator, device=device)
    angle, log_scale, aspect, shear, dx, dy = (
        strength * (2 * torch.rand(B, 6, generator=generator, device=device) - 1)
    ).T * torch.tensor([ROTATION, LOG_SCALE, LOG_SCALE / 2, SHEAR, SHIFT, SHIFT], device=device)[:, None]
    cos, sin, sx, sy = angle.cos(), angle.sin(), (log_scale + aspect).exp(), (log_scale - aspect).exp()
    A = torch.stack([sx * cos, sx * (shear * cos - sin), dx, sy * sin, sy * (shear * sin + cos), dy], dim=1)
    grid = _POINTS.to(device) @ A.view(B, 2, 3).transpose(1, 2)  # (B, 784, 2)
    knots = torch.randn(B, 2, KNOTS, KNOTS, generator=generator, device=device) * (ELASTIC * strength[:, :, None, None])
    basis = _BASIS.to(device)
    field = basis @ knots @ basis.T  # (B, 2, 28, 28)
    grid = grid.view(B, _SIZE, _SIZE, 2) + field.permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, align_corners=False)
