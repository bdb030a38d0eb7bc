"""The part of torchvision that entries use to prepare images: `transforms`. All else is a strict stand-in."""

from standins import Missing

from torchvision import transforms

__all__ = ["transforms"]
__version__ = "0"


def __getattr__(name: str) -> Missing:
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"torchvision.{name}")
