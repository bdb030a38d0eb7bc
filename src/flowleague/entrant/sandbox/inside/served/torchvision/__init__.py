"""The parts of torchvision that entries use: `transforms`, and `datasets` without data. All else is a strict stub."""

from standins import Missing, Quiet

from torchvision import datasets, transforms

__all__ = ["datasets", "transforms"]
__version__ = "0.0.0"


def __getattr__(name: str) -> Quiet:
    if name.startswith("__"):
        raise AttributeError(name)
    return Quiet("torchvision.utils") if name in ("utils", "io") else Missing(f"torchvision.{name}")
