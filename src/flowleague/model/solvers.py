"""Solvers of the ordinary differential equation dx/dt = v(x, t) on a uniform grid of times.

    euler     order 1, 1 evaluation a step     x + h k1
    midpoint  order 2, 2 evaluations           x + h v(x + h/2 k1, t + h/2)
    heun      order 2, 2 evaluations           x + h/2 (k1 + v(x + h k1, t + h))
    rk4       order 4, 4 evaluations           x + h/6 (k1 + 2 k2 + 2 k3 + k4)

Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, section II.1.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from flowleague.errors import RecipeError

Rate = Callable[[Tensor, float], Tensor]  # x of any shape, one time for all -> dx/dt of the same shape


def euler(f: Rate, x: Tensor, t: float, h: float) -> Tensor:
    """One step of order 1."""
    return x + h * f(x, t)


def midpoint(f: Rate, x: Tensor, t: float, h: float) -> Tensor:
    """One step of order 2 through the middle."""
    return x + h * f(x + h / 2 * f(x, t), t + h / 2)


def heun(f: Rate, x: Tensor, t: float, h: float) -> Tensor:
    """One step of order 2 by the trapezoid."""
    k1 = f(x, t)
    return x + h / 2 * (k1 + f(x + h * k1, t + h))


def rk4(f: Rate, x: Tensor, t: float, h: float) -> Tensor:
    """One step of order 4."""
    k1 = f(x, t)
    k2 = f(x + h / 2 * k1, t + h / 2)
    k3 = f(x + h / 2 * k2, t + h / 2)
    k4 = f(x + h * k3, t + h)
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


STEPPERS = {"euler": euler, "midpoint": midpoint, "heun": heun, "rk4": rk4}
EVALUATIONS = {"euler": 1, "midpoint": 2, "heun": 2, "rk4": 4}


def trajectory(
    f: Rate, x: Tensor, solver: str, steps: int, *, start: float = 0.0, end: float = 1.0
) -> Iterator[Tensor]:
    """Yield x at `steps + 1` times from `start` to `end` (the first is x itself); raises `RecipeError`.

    `start` may lie after `end`: then the equation is solved backwards.
    """
    if solver not in STEPPERS or steps < 1:
        raise RecipeError(f"There is no solver '{solver}' with {steps} steps; use {', '.join(STEPPERS)}, 1 or more.")
    h = (end - start) / steps
    yield x
    for i in range(steps):
        x = STEPPERS[solver](f, x, start + i * h, h)
        yield x


def solve(f: Rate, x: Tensor, solver: str, steps: int, *, start: float = 0.0, end: float = 1.0) -> Tensor:
    """x at `end` of the path that starts as `x`; see `trajectory`."""
    for state in trajectory(f, x, solver, steps, start=start, end=end):
        x = state
    return x


def at_one_time(v: Callable[[Tensor, Tensor], Tensor]) -> Rate:
    """A velocity v(x (B, D), t (1,)) as a rate f(x, t) with one time for the whole batch."""
    return lambda x, t: v(x, torch.full((1,), t, device=x.device, dtype=x.dtype))
