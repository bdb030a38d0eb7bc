"""The sampler: steps of a Runge-Kutta method along dx/dt = v(x, t), on a uniform grid of times.

The methods are tableaux, see `flowleague.bundle.solvers`. One function serves samples (from t = 0, noise, to t = 1,
data), the likelihood (back from 1 to 0, with an integral as one more column of x) and fine-tuning (with gradients).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from flowleague.bundle.solvers import SOLVERS, Row, Tableau
from flowleague.errors import RecipeError

POINTS = 24  # on the way from noise to data, where it is shown
Rate = Callable[[Tensor, float], Tensor]  # x of any shape, one time for all -> dx/dt of the same shape


def path(f: Rate, x: Tensor, solver: str, steps: int, *, start: float = 0.0, end: float = 1.0) -> Iterator[Tensor]:
    """Yield x, of any shape, at `steps + 1` times from `start` to `end`; the first is x itself.

    `start` may lie after `end`: then the equation is solved backwards. Raises `RecipeError` for an unknown solver.

    >>> [float(x) for x in path(lambda x, t: x, torch.tensor(1.0), "heun", 2)]
    [1.0, 1.625, 2.640625]
    """
    if solver not in SOLVERS or steps < 1:
        raise RecipeError(f"There is no solver '{solver}' with {steps} steps; use {', '.join(SOLVERS)}, 1 or more.")
    h = (end - start) / steps
    yield x
    for i in range(steps):
        x = step(f, x, start + i * h, h, SOLVERS[solver])
        yield x


def solve(f: Rate, x: Tensor, solver: str, steps: int, *, start: float = 0.0, end: float = 1.0) -> Tensor:
    """x at `end` of the path that begins with x at `start`; see `path`.

    >>> forth = solve(lambda x, t: x, torch.tensor(1.0), "rk4", 50)  # dx/dt = x
    >>> round(float(forth), 5), round(float(solve(lambda x, t: x, forth, "rk4", 50, start=1.0, end=0.0)), 5)
    (2.71828, 1.0)
    """
    for state in path(f, x, solver, steps, start=start, end=end):
        x = state
    return x


def points(states: Iterable[Tensor], n: int = POINTS, times: Sequence[float] | None = None) -> Tensor:
    """n points (n, ...) at equal times on the way through a solver's states, the first and the last of them included.

    `times` are those of the states; without them all steps are as long. A step of Euler's method is a straight line;
    the steps of the other methods are drawn straight as well.

    >>> states = [torch.tensor([0.0]), torch.tensor([4.0]), torch.tensor([6.0])]
    >>> points(states, 5).flatten(), points(states, 5, [0.0, 0.25, 1.0]).flatten().round(decimals=2)
    (tensor([0., 2., 4., 5., 6.]), tensor([0.0000, 4.0000, 4.6700, 5.3300, 6.0000]))
    """
    all_states = torch.stack(list(states))
    times = range(len(all_states)) if times is None else times
    at = torch.from_numpy(np.interp(np.linspace(times[0], times[-1], n), times, np.arange(len(times))))
    before = at.long().clamp(max=len(all_states) - 2)
    share = (at - before).to(all_states.dtype).to(all_states.device)
    return torch.lerp(all_states[before], all_states[before + 1], share.view(-1, *[1] * (all_states.ndim - 1)))


def at_one_time(v: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, float], Tensor]:
    """A velocity v(x (B, D), t (1,)) as a function f(x, t) with one time t for the whole batch."""
    return lambda x, t: v(x, torch.full((1,), t, device=x.device, dtype=x.dtype))


def step(f: Rate, x: Tensor, t: float, h: float, tableau: Tableau) -> Tensor:
    """x at time t + h from x at time t, by one step of a method.

    >>> step(lambda x, t: 2 * torch.tensor(t), torch.tensor(0.0), 1.0, 0.5, SOLVERS["midpoint"])  # 1.5² - 1²
    tensor(1.2500)
    """
    slopes: list[Tensor] = []
    for row in tableau.stages:
        slopes.append(f(_moved(x, h, row, slopes), t + h * sum(row.weights) / row.unit))
    return _moved(x, h, tableau.end, slopes)


def _moved(x: Tensor, h: float, row: Row, slopes: list[Tensor]) -> Tensor:
    """x + h / unit * sum_j weights_j k_j; terms without weight are left out, and a weight of 1 multiplies nothing."""
    terms = [k if weight == 1 else weight * k for weight, k in zip(row.weights, slopes, strict=False) if weight]
    return x + h / row.unit * sum(terms[1:], terms[0]) if terms else x
