"""Stand-ins for three modules of PyTorch's compiler, which recording passes through and does not use.

PyTorch imports them for a decorator, a context, conditions of sizes and the name of a class, which takes longer than
the recording. Whatever else is asked of them imports the real ones.
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
        if name.startswith("__") and not (name == "__path__" and self.__name__ in _PACKAGES):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


_COMPILER, _ALGEBRA = "torch._dynamo", "sympy"
_PACKAGES = (_COMPILER, _ALGEBRA)
_KNOWN: dict[str, dict[str, Any]] = {
    _COMPILER: {
        "disable": lambda function, *_rest, **_named: function,
        "compiled_autograd": SimpleNamespace(_disable=nullcontext),
    },
    "torch.fx.experimental.symbolic_shapes": {
        **dict.fromkeys(("expect_true", "guard_or_false", "guard_or_true", "statically_known_true"), bool),
        "is_nested_int": lambda _size: False,
    },
    _ALGEBRA: {"Basic": type("Basic", (), {})},
}


def without_compiler() -> None:
    """Do without the modules that are not imported yet, for a process that records and ends."""
    for name, known in _KNOWN.items():
        if name not in sys.modules:
            sys.modules[name] = _StandIn(name, **known)


def has_compiler() -> bool:
    """Whether the compiler was imported."""
    return not isinstance(sys.modules.get(_COMPILER), _StandIn | None)
