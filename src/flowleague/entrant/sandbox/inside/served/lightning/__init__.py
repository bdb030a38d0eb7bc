"""Lightning, as far as entries need it without training: a LightningModule is a torch module with a few names more."""

from typing import Any

import torch
from standins import Quiet

__version__ = "2.0.0"


class LightningModule(torch.nn.Module):
    """A torch module; hyperparameters are kept, logging does nothing."""

    def save_hyperparameters(self, *names: Any, ignore: Any = (), **options: Any) -> None:
        """Keep the arguments of the constructor as `hparams`, as Lightning does."""
        import inspect

        frame = inspect.currentframe()
        values = inspect.getargvalues(frame.f_back).locals if frame and frame.f_back else {}
        kept = {name for name in names if isinstance(name, str)}
        left = {ignore} if isinstance(ignore, str) else set(ignore or ())
        own = inspect.signature(type(self).__init__).parameters
        held = {name: values[name] for name in own if name != "self" and name in values and name not in left}
        self.__dict__["hparams"] = Hyperparameters({n: v for n, v in held.items() if not kept or n in kept} | options)

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    def log(self, *arguments: Any, **options: Any) -> None:
        """Nothing."""

    log_dict = log

    @classmethod
    def load_from_checkpoint(cls, path: Any, *rest: Any, strict: bool = True, **options: Any) -> Any:
        """A module with the weights in a checkpoint."""
        options.pop("map_location", None)
        checkpoint = torch.load(path, weights_only=False)
        module = cls(**(dict(checkpoint.get("hyper_parameters", {})) | options))
        module.load_state_dict(checkpoint["state_dict"], strict=strict)
        return module


class Hyperparameters(dict):
    """A dict whose keys are attributes too."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__  # type: ignore[assignment]


class LightningDataModule:
    """Holds nothing."""


class Callback:
    """Called by nobody."""


class Trainer:
    """Does not train."""

    def __init__(self, *arguments: Any, **options: Any):
        self.callback_metrics: dict[str, Any] = {}

    def fit(self, model: Any = None, *rest: Any, **options: Any) -> None:
        """As `backward` does: remember what was to be trained, and stop."""
        torch.autograd.backward(model)

    def test(self, *arguments: Any, **options: Any) -> list[Any]:
        """Nothing."""
        return []

    validate = predict = test


def seed_everything(seed: int = 0, *rest: Any, **options: Any) -> int:
    """Seed torch, numpy and random."""
    from entry import seed_all

    seed_all(seed)
    return seed


def __getattr__(name: str) -> Quiet:
    if name.startswith("__"):
        raise AttributeError(name)
    return Quiet(f"lightning.{name}")
