"""Stubs for modules that entries import and do not need here.

Quiet ones (plots, logging, tables, Colab) accept any call, unpack, iterate and index as if they were empty, and are
never a number: arithmetic and conversions raise `NotHere`. Strict ones, which are all unknown modules that an entry
imports, may be imported and named, but a call raises `NotHere`: a number that came from them would be missed. Inside a
`try`, none of them is found, which is the truth. What entries do need is served by real modules in `served/`.
"""

import dis
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable
from typing import Any

import bars

_QUIET = ("wandb", "matplotlib", "seaborn", "IPython", "ipywidgets", "google", "tensorboard", "tensorboardX", "plotly")
_QUIET += ("torchinfo", "torchsummary", "pandas", "torchviz", "mlflow", "comet_ml", "rich", "graphviz", "umap")
_QUIET += ("torchmetrics", "lpips", "pytorch_fid", "cleanfid", "torch_fidelity", "pytorch_msssim", "torchview")
_QUIET += ("loguru", "termcolor", "colorama", "icecream", "tabulate", "prettytable", "psutil", "pynvml", "GPUtil")
_TYPING = ("jaxtyping", "beartype", "typeguard", "torchtyping", "nptyping")
_QUIET_PARTS = ("torch.utils.tensorboard", "torchvision.utils", "torchvision.io")
_STRICT = ("torchvision", "sklearn", "skimage", "cv2", "requests", "datasets", "imageio")
HERE = "torch, numpy, scipy, PIL, safetensors, tqdm, einops and torchdiffeq"


class NotHere(ImportError):  # noqa: N818
    """Something of a module that is not here was really needed."""


class Quiet:
    """What a quiet module gives: it can be called, indexed, unpacked and entered, is empty, and is never a number."""

    def __init__(self, name: str):
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(self)(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return Quiet(f"{self._name}()")

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __delitem__(self, key: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __contains__(self, thing: Any) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter([self] * _unpacked(sys._getframe(1)))

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> Any:
        return self

    __le__ = __gt__ = __ge__ = __lt__

    def __mro_entries__(self, bases: Any) -> Any:
        raise _not_here(self._name)

    def _number(self, *rest: Any) -> Any:
        raise _not_here(self._name)

    __float__ = __int__ = __index__ = __complex__ = __array__ = _number
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _number
    __neg__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __mod__ = __floordiv__ = __rfloordiv__ = _number


def _unpacked(frame: types.FrameType) -> int:
    """How many names the statement wants that asks for an iterator: 2 in `fig, ax = quiet`; 0 in a loop."""
    code = frame.f_code.co_code
    operation, argument = dis.opname[code[frame.f_lasti]], code[frame.f_lasti + 1]
    return argument if operation.startswith("UNPACK_") else 0


class Missing(Quiet):
    """What a strict module gives: it can be named, not used."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and not options and isinstance(arguments[0], (types.FunctionType, type)):
            return arguments[0]  # as a decorator
        raise _not_here(self._name)

    def _used(self, *rest: Any, **options: Any) -> Any:
        raise _not_here(self._name)

    __getitem__ = __enter__ = __bool__ = __len__ = __iter__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _used


class Hint(Quiet):
    """What a module of type hints gives: a hint, or a decorator that leaves the function as it is."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and isinstance(arguments[0], (types.FunctionType, type)):
            return arguments[0]
        return self

    def __or__(self, other: Any) -> Any:
        return self

    __ror__ = __or__


def _not_here(name: str) -> NotHere:
    """The error for something that was really needed."""
    module = name.partition(".")[0]
    error = NotHere(
        f"{name} is needed, but {module} is not here: entries are measured with {HERE}. Put that part into the file, "
        "or do without it in SubmissionInterface."
    )
    error.module = module  # type: ignore[attr-defined]
    return error


class StandIn(types.ModuleType):
    """A module of which every name exists."""

    __version__ = "0.0.0"
    __all__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = Hint if _top(self.__name__) in _TYPING else Quiet if _is_quiet(self.__name__) else Missing
        return kind(f"{self.__name__}.{name}")


def _is_quiet(name: str) -> bool:
    return _top(name) in _QUIET or name.startswith(_QUIET_PARTS)


def _top(name: str) -> str:
    return name.partition(".")[0]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stubs where nothing else was found."""

    def __init__(self) -> None:
        self.entry = ""  # the entry's file
        self.tried: set[int] = set()  # its lines that import inside a `try`

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """A spec for whatever the entry's own file imports outside a `try`, and for the known ones elsewhere."""
        top = fullname.partition(".")[0]
        known = _is_quiet(fullname) or top in (*_STRICT, *_TYPING) or isinstance(sys.modules.get(top), StandIn)
        asks = _importer()
        if _is_asked():
            return None
        if asks.f_code.co_filename == self.entry:
            if asks.f_lineno in self.tried or (not known and top in sys.modules):
                return None
        elif not known:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        """An empty module."""
        return StandIn(spec.name)

    def exec_module(self, module: Any) -> None:
        """Nothing is run; of wandb, what is given as `config` can be read again."""
        if module.__name__ == "wandb":
            module.config = _Config()
            module.init = lambda *rest, config=None, **options: _begin(module.config, config)


class _Config(dict):
    """A dict whose keys are attributes too."""

    __setattr__ = dict.__setitem__

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


def _begin(held: _Config, config: Any) -> Any:
    """A run that only knows its settings."""
    held.update(config if isinstance(config, dict) else vars(config) if hasattr(config, "__dict__") else {})
    run = Quiet("wandb.run")
    run.__dict__["config"] = held
    return run


class Before(importlib.abc.MetaPathFinder):
    """Parts of real packages that are stubs, and tqdm's that are changed: asked before the packages themselves."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """A spec for `_QUIET_PARTS` and for what `bars` changes."""
        if fullname in _QUIET_PARTS:
            return importlib.machinery.ModuleSpec(fullname, finder, is_package=True)
        return bars.find_spec(fullname, path)


def _is_asked() -> bool:
    """Whether `importlib.util.find_spec` asks if a module is here: for a stub, it is not."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame and "importlib" in frame.f_code.co_filename:
        if frame.f_code.co_name == "find_spec" and frame.f_globals.get("__name__") == "importlib.util":
            return True
        frame = frame.f_back
    return False


def _importer() -> types.FrameType:
    """The frame whose import statement is at work."""
    frame = sys._getframe(2)
    while frame.f_back and ("importlib" in frame.f_code.co_filename):
        frame = frame.f_back
    return frame


finder = _Finder()


def install(fetch: Callable[[str, str], str]) -> None:
    """Make the stubs importable; `fetch` answers requests for files."""
    import served_files

    served_files.fetch = fetch
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, Before())
        sys.meta_path.append(finder)
        if "tqdm.std" in sys.modules:  # torch may have imported it
            bars.silence(sys.modules["tqdm.std"].tqdm)
