"""The same under another name."""

from lightning import *  # noqa: F403
from lightning import LightningDataModule, LightningModule, Trainer, __getattr__, __version__, seed_everything

__all__ = ["LightningDataModule", "LightningModule", "Trainer", "__getattr__", "__version__", "seed_everything"]
