"""The basics of torchvision.transforms on tensors (..., H, W), arrays (H, W) or (H, W, C), and PIL images."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from standins import Missing
from torch.nn.functional import interpolate


class Compose:
    """One after another."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]):
        self.transforms = transforms

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image


class Lambda:
    """Any function."""

    def __init__(self, function: Callable[[Any], Any]):
        self.function = function

    def __call__(self, image: Any) -> Any:
        return self.function(image)


class ToTensor:
    """PIL image or array (H, W) or (H, W, C) to a tensor (C, H, W); bytes become [0, 1]."""

    def __call__(self, image: Any) -> torch.Tensor:
        array = np.array(image)
        array = array[:, :, None] if array.ndim == 2 else array
        tensor = torch.from_numpy(array).permute(2, 0, 1).contiguous()
        return tensor.float() / 255 if tensor.dtype == torch.uint8 else tensor


class Normalize:
    """(x - mean) / std, per channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False):
        self.mean, self.std = mean, std

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        mean, std = (torch.as_tensor(v, dtype=x.dtype).reshape(-1, 1, 1) for v in (self.mean, self.std))
        return (x - mean) / std


class Resize:
    """Bilinear, with antialiasing, to (H, W), or the shorter side to one number."""

    def __init__(self, size: int | Sequence[int], *rest: Any, **options: Any):
        self.size = size

    def __call__(self, x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            height, width = self._goal(x.height, x.width)
            return x.resize((width, height), 2)  # 2: bilinear
        goal = self._goal(*x.shape[-2:])
        if goal == tuple(x.shape[-2:]):
            return x
        flat = x.reshape(-1, 1, *x.shape[-2:])
        done = interpolate(flat, goal, mode="bilinear", align_corners=False, antialias=True)
        return done.reshape(*x.shape[:-2], *goal)

    def _goal(self, height: int, width: int) -> tuple[int, int]:
        if not isinstance(self.size, int):
            return (self.size[0], self.size[-1])
        short = min(height, width)
        return (self.size * height // short, self.size * width // short)


def __getattr__(name: str) -> Missing:
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"torchvision.transforms.{name}")
