"""Stand-ins for two modules of PyTorch's compiler, which recording passes through and does not use.

PyTorch imports them, and SymPy with them, for a decorator, a context and a check that a condition holds: longer than
the recording takes. Whatever else is asked of them imports the real ones.
"""

import sys
from contextlib import nullcontext
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any


class _StandIn(ModuleType):
    def __init__(self, name: str, **known: Any) -> None:
        super().__init__(name)
        vars(self).update(known)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and (name, self.__name__) != ("__path__", _COMPILER):  # of which only one is a package
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


_COMPILER = "torch._dynamo"
_KNOWN: dict[str, dict[str, Any]] = {
    _COMPILER: {
        "disable": lambda function, *_rest, **_named: function,
        "compiled_autograd": SimpleNamespace(_disable=nullcontext),
    },
    "torch.fx.experimental.symbolic_shapes": {"expect_true": bool},
}


def without_compiler() -> None:
    """Do without the modules that are not imported yet, for a process that records and ends."""
    for name, known in _KNOWN.items():
        if name not in sys.modules:
            sys.modules[name] = _StandIn(name, **known)


def has_compiler() -> bool:
    """Whether the compiler was imported."""
    return not isinstance(sys.modules.get(_COMPILER), _StandIn | None)
