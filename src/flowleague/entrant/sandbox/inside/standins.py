"""Stand-ins for modules that entries import and do not need here.

Quiet ones (plots, progress, logging, Colab) accept any call and do nothing. Strict ones may be imported, but a call
raises `NotHere`: a number that came from them would be missed. What entries do need is served by real modules in
`served/`: gdown, huggingface_hub, tqdm and the basics of torchvision.transforms.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable
from typing import Any

QUIET = ("wandb", "matplotlib", "seaborn", "IPython", "ipywidgets", "google", "tensorboard", "plotly", "torchinfo")
STRICT = ("torchvision", "pandas", "sklearn", "skimage", "cv2", "lightning", "pytorch_lightning", "torchmetrics")
STRICT += ("requests", "datasets", "torchdiffeq", "imageio")


class NotHere(ImportError):  # noqa: N818
    """Something of a module that is not here was really needed."""


class Nothing:
    """What a quiet module gives: it can be called, indexed, decorated with and entered, and is never a number."""

    def __init__(self, name: str):
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self._name in ("matplotlib.pyplot.subplots",):
            return Nothing("figure"), Nothing("axes")
        return Nothing(f"{self._name}()")

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Any:
        raise not_here(self._name)

    def __mro_entries__(self, bases: Any) -> Any:
        raise not_here(self._name)

    __len__ = __float__ = __int__ = __index__ = __array__ = __iter__


class Missing(Nothing):
    """What a strict module gives: it can be named, not called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self._name}.{name}")

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        raise not_here(self._name)


def not_here(name: str) -> NotHere:
    """The error for something that was really needed."""
    module = name.partition(".")[0]
    return NotHere(
        f"{name} is needed, but {module} is not here: entries are measured with torch, numpy, scipy, PIL and "
        "safetensors. Do without it in SubmissionInterface."
    )


class StandIn(types.ModuleType):
    """A module of which every name exists."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = Nothing if self.__name__.partition(".")[0] in QUIET else Missing
        return kind(f"{self.__name__}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stand-ins where nothing else was found."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """A spec for the modules in `QUIET` and `STRICT` and all below them."""
        if fullname.partition(".")[0] in (*QUIET, *STRICT):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> Any:
        """An empty module."""
        return StandIn(spec.name)

    def exec_module(self, module: Any) -> None:
        """Nothing is run."""


def install(fetch: Callable[[str, str], str]) -> None:
    """Make the stand-ins importable; `fetch` answers requests for files."""
    import served_files

    served_files.fetch = fetch
    sys.meta_path.append(Finder())
