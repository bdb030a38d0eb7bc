"""Every random operation of torch in terms of two kinds of draws: uniform in [0, 1) and standard normal.

    Bernoulli      u < p                                exponential  -ln(1 - u) / rate
    integers       low + floor(u (high - low))          Cauchy       median + sigma tan(pi (u - 1/2))
    permutation    argsort of u                         geometric    ceil(ln(1 - u) / ln(1 - p))
    multinomial    with replacement: how many of the running sums of the probabilities u exceeds
                   without: the k largest of p / e with e exponential (Efraimidis and Spirakis, 2006)

Random operations are found by their tag, not by a list of names. Those that have no rule (gamma, Poisson, binomial,
Dirichlet, Sobol) are refused with advice. Seeds and generators are ignored: the numbers come from whoever replays.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from flowleague.program.capturing.errors import CaptureError, at, where

Ask = Callable[[str, tuple[int, ...]], Tensor]  # (kind, shape) -> float32 numbers
Rule = Callable[..., Any]  # a tensor, or two of a dropout


def _draw(ask: Ask, kind: str, shape: Any, dtype: torch.dtype | None) -> Tensor:
    shape, dtype = tuple(shape), dtype or torch.get_default_dtype()
    if 0 in shape:
        return torch.zeros(shape, dtype=dtype)
    made = ask(kind, shape)
    return made if dtype == torch.float32 else made.to(dtype)


def _floating(like: Tensor) -> torch.dtype:
    return like.dtype if like.dtype.is_floating_point else torch.float32


def _uniform(ask: Ask, like: Tensor) -> Tensor:
    return _draw(ask, "uniform", like.shape, torch.float64 if like.dtype == torch.float64 else torch.float32)


def _sized(kind: str) -> Rule:
    return lambda ask, size, dtype=None, **_: _draw(ask, kind, size, dtype)


def _like(kind: str) -> Rule:
    return lambda ask, self, dtype=None, **_: _draw(ask, kind, self.shape, dtype or self.dtype)


def _normal(ask: Ask, self: Tensor, mean: float = 0, std: float = 1, **_: Any) -> Tensor:
    return _affine(_draw(ask, "normal", self.shape, self.dtype), mean, std)


def _affine(drawn: Tensor, mean: Any, std: Any) -> Tensor:
    if isinstance(std, Tensor) or std != 1:
        drawn = drawn * std
    return drawn + mean if isinstance(mean, Tensor) or mean != 0 else drawn


def _normal_at(
    ask: Ask, mean: Any, std: Any = 1, size: Any = None, dtype: torch.dtype | None = None, **_: Any
) -> Tensor:
    tensors = [value for value in (mean, std) if isinstance(value, Tensor)]
    shape = size if size is not None else torch.broadcast_shapes(*(value.shape for value in tensors))
    return _affine(_draw(ask, "normal", shape, dtype or (tensors[0].dtype if tensors else None)), mean, std)


def _uniform_between(ask: Ask, self: Tensor, **bounds: Any) -> Tensor:
    low, high = bounds.get("from", 0.0), bounds.get("to", 1.0)
    return _affine(_draw(ask, "uniform", self.shape, self.dtype), low, high - low)


def _bernoulli(ask: Ask, self: Tensor, p: Any = None, **_: Any) -> Tensor:
    chance = self if p is None else p
    return (_uniform(ask, self) < chance).to(self.dtype)


def _dropout(ask: Ask, input: Tensor, p: float, train: bool | None = True, **_: Any) -> tuple[Tensor, Tensor]:  # noqa: A002
    if train is False or p == 0:
        return input.clone(), torch.ones_like(input, dtype=torch.bool)
    kept = _uniform(ask, input) < 1 - p
    return input * kept * (1 / (1 - p) if p < 1 else 0.0), kept


def _integers(
    ask: Ask, size: Any, high: int, low: int = 0, dtype: torch.dtype | None = torch.int64, **_: Any
) -> Tensor:
    drawn = _draw(ask, "uniform", size, torch.float32) * (high - low)
    return drawn.floor().clamp(max=high - low - 1).to(dtype or torch.int64) + low


def _integers_like(
    ask: Ask, self: Tensor, high: Any, low: int = 0, dtype: torch.dtype | None = None, **_: Any
) -> Tensor:
    return _integers(ask, self.shape, int(high), low, dtype or self.dtype)


def _random(ask: Ask, self: Tensor, **bounds: Any) -> Tensor:
    low, high = bounds.get("from", 0), bounds.get("to")
    if high is None:  # any seed will do
        high = low + 2**24
    return _integers(ask, self.shape, high, low, self.dtype)


def _permutation(ask: Ask, n: int, dtype: torch.dtype | None = torch.int64, **_: Any) -> Tensor:
    return ask("uniform", (n,)).argsort(stable=True).to(dtype or torch.int64)


def _exponential(ask: Ask, self: Tensor, lambd: float = 1, **_: Any) -> Tensor:
    return (-torch.log1p(-_uniform(ask, self)) / lambd).to(_floating(self))


def _multinomial(ask: Ask, self: Tensor, num_samples: int, replacement: bool = False, **_: Any) -> Tensor:
    if replacement:
        sums = self.cumsum(-1)
        u = _draw(ask, "uniform", (*self.shape[:-1], num_samples), self.dtype) * sums[..., -1:]
        return (u[..., None] >= sums[..., None, :-1]).sum(-1)
    e = -torch.log1p(-_uniform(ask, self))
    return (self / e.clamp(min=1e-20)).topk(num_samples, -1)[1]


def _cauchy(ask: Ask, self: Tensor, median: float = 0, sigma: float = 1, **_: Any) -> Tensor:
    return (median + sigma * torch.tan(torch.pi * (_uniform(ask, self) - 0.5))).to(self.dtype)


def _log_normal(ask: Ask, self: Tensor, mean: float = 1, std: float = 2, **_: Any) -> Tensor:
    return _normal(ask, self, mean, std).exp()


def _geometric(ask: Ask, self: Tensor, p: float, **_: Any) -> Tensor:
    u = torch.log1p(-_uniform(ask, self))
    return (u / torch.log1p(torch.full((), -p))).ceil().clamp(min=1).to(self.dtype)


def leaky(ask: Ask, self: Tensor, lower: float, upper: float) -> tuple[Tensor, Tensor]:
    """Randomised leaky ReLU and the slopes: one for positive numbers, uniform in [lower, upper) for the others."""
    slopes = _affine(_draw(ask, "uniform", self.shape, self.dtype), lower, upper - lower)
    slopes = torch.where(self <= 0, slopes, torch.ones_like(self))
    return self * slopes, slopes


_RULES: dict[str, Rule] = {
    "randn": _sized("normal"), "rand": _sized("uniform"), "randn_like": _like("normal"), "rand_like": _like("uniform"),
    "normal_": _normal, "normal": _normal_at, "uniform": _uniform_between, "uniform_": _uniform_between,
    "bernoulli": _bernoulli, "bernoulli_": _bernoulli, "randint": _integers, "randint_like": _integers_like,
    "random_": _random, "random": _random, "randperm": _permutation, "exponential": _exponential,
    "exponential_": _exponential, "multinomial": _multinomial, "cauchy": _cauchy, "cauchy_": _cauchy,
    "log_normal": _log_normal, "log_normal_": _log_normal, "geometric": _geometric, "geometric_": _geometric,
    "native_dropout": _dropout, "_fused_dropout": lambda ask, self, p, **_: _dropout(ask, self, 1 - p),
}  # fmt: skip

_ADVICE = {
    "_standard_gamma": "the gamma distribution: half a sum of squares of normal numbers has it, for multiples of 1/2",
    "poisson": "the Poisson distribution: compare running sums of -log(torch.rand(...)) with the rate",
    "binomial": "the binomial distribution: sum torch.rand(...) < p",
    "_sample_dirichlet": "the Dirichlet distribution: normalise -log(torch.rand(...)), for weights of one",
}


def is_random(func: OpOverload) -> bool:
    """Whether an operation draws numbers."""
    return torch.Tag.nondeterministic_seeded in func.tags or func._schema.name == "aten::binomial"


def drawn(func: OpOverload, named: dict[str, Any], ask: Ask) -> Any:
    """The result of a random operation from draws; `CaptureError` where it has no rule."""
    name = func._schema.name.removeprefix("aten::")
    if name == "normal" and func._overloadname == "functional":
        return _normal(ask, **named)
    if name == "randint_like" or name in _RULES:
        return _RULES[name](ask, **named)
    advice = _ADVICE.get(name, f"{name}: use torch.randn or torch.rand")
    raise CaptureError(f"it draws from {advice}{at(where())}.")


def has_rule(func: OpOverload) -> bool:
    """Whether an operation is drawn by a rule (others are taken apart, or refused)."""
    return func._schema.name.removeprefix("aten::") in _RULES
