"""Running a function under the conditions of capture, and noting where numbers leave torch."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from flowleague.program.capturing import arguments as binding
from flowleague.program.capturing.compiler import has_compiler
from flowleague.program.capturing.decompositions import decomposition
from flowleague.program.capturing.errors import where
from flowleague.program.capturing.noise import drawn, has_rule, is_random, leaky
from flowleague.program.draws import numbers
from flowleague.program.format import Draw


class Numbers:
    """The numbers of the draws of one call, in the order in which they are asked for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: list[tuple[str, tuple[int, ...]]] = []

    def __call__(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        """The numbers of the next draw."""
        self.asked.append((kind, tuple(shape)))
        return self.draw(kind, tuple(shape), len(self.asked) - 1)

    def draw(self, kind: str, shape: tuple[int, ...], number: int) -> Tensor:
        """The numbers of a draw by its place in the order."""
        return torch.from_numpy(numbers(Draw(kind, shape), number, 0, self.seed))


class Injector(TorchDispatchMode):
    """Serves draws to a function that otherwise runs as it is."""

    def __init__(self, ask: Callable[[str, tuple[int, ...]], Tensor]) -> None:
        super().__init__()
        self.ask = ask
        self._ways: dict[OpOverload, str] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        way = self._ways.get(func)
        if way is None:
            way = self._ways[func] = self._way(func)
        return func(*args, **kwargs) if way == "as it is" else getattr(self, way)(func, args, kwargs)

    def _way(self, func: OpOverload) -> str:
        if func is torch.ops.aten.rrelu_with_noise.default:
            return "_leaky"
        if is_random(func) and (has_rule(func) or decomposition(func) is None):
            return "_random"
        return "_apart" if func._can_decompose() and func not in _WHOLE else "as it is"

    def _random(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        named = binding.named(func, args, kwargs)
        named.pop("generator", None)
        made = drawn(func, named, self.ask)
        return args[0].copy_(made) if func._schema.is_mutable else made

    def _apart(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Below autograd, as in inference mode, an operation may arrive whole with a random one inside."""
        with self:
            made = func.decompose(*args, **kwargs)
        return func(*args, **kwargs) if made is NotImplemented else made

    def _leaky(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        named = binding.named(func, args, kwargs)
        if not named.get("training", False):
            return func(*args, **kwargs)
        made, slopes = leaky(self.ask, named["self"], named.get("lower", 0.125), named.get("upper", 1 / 3))
        named["noise"].copy_(slopes)
        return made


_WHOLE = {torch.ops.aten.native_batch_norm.default}  # its parts do not update running statistics


class Watch(TorchFunctionMode):
    """Notes where tensors that vary leave torch as numbers or arrays; `array` makes these, to be known again."""

    _EXITS = (
        (Tensor.tolist, ".tolist()"), (Tensor.numpy, ".numpy()"), (Tensor.__array__, "NumPy"),
        (Tensor.item, ".item()"), (Tensor.__float__, "float()"), (Tensor.__int__, "int()"),
        (Tensor.__bool__, "a decision"), (Tensor.__index__, "an index"),
    )  # fmt: skip

    def __init__(self, varies: Callable[[Tensor], bool], array: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.exits: list[tuple[str, str]] = []
        self._varies, self._array, self._names = varies, array, dict(self._EXITS)

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = self._names.get(func) if callable(func) else None
        if name and isinstance(args[0], Tensor) and self._varies(args[0]):
            self.exits.append((name, where()))
            plain = not args[0].requires_grad and args[0].dtype in (torch.float32, torch.float64) and len(args) == 1
            if func in (Tensor.numpy, Tensor.__array__) and plain:
                return self._array(args[0])
        if func is torch.nn.functional.one_hot and (kwargs or {}).get("num_classes", [*args, -1, -1][1]) == -1:
            self.exits.append(("one_hot", where()))
        return func(*args, **(kwargs or {}))


@contextmanager
def conditions() -> Iterator[None]:
    """What every recorded or checked call runs under: nothing fused or compiled, no gradients unless asked for."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        torch.backends.mha.set_fastpath_enabled(False)
        with warnings.catch_warnings():  # of Intel's graphics processors, which are not meant
            warnings.simplefilter("ignore")
            stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        if has_compiler():  # importing the compiler takes seconds
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.enter_context(torch.no_grad())
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))  # whose gradient is of listed operations
        yield
