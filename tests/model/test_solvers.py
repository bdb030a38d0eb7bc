"""The order of a solver is the slope of its error against the step in a log-log plot."""

import math

import numpy as np
import pytest
import torch

from flowleague.errors import RecipeError
from flowleague.model.solvers import EVALUATIONS, solve, trajectory


def rate(x: torch.Tensor, t: float) -> torch.Tensor:
    """dx/dt = x cos t, whose solution is x(0) exp(sin t)."""
    return x * math.cos(t)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2), ("rk4", 4)])
def test_error_falls_with_the_order_of_the_solver(solver: str, order: int) -> None:
    x, exact = torch.ones(1, dtype=torch.float64), math.exp(math.sin(1.0))
    steps = np.array([8, 16, 32, 64])
    errors = [abs(solve(rate, x, solver, int(n)).item() - exact) for n in steps]
    slope = np.polyfit(np.log(1 / steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("solver", list(EVALUATIONS))
def test_solving_back_undoes_solving_forth(solver: str) -> None:
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    there = solve(rate, x, solver, 400)
    back = solve(rate, there, solver, 400, start=1.0, end=0.0)
    assert torch.allclose(back, x, atol=5e-3 if solver == "euler" else 1e-5)


@pytest.mark.parametrize("solver", list(EVALUATIONS))
def test_evaluations_are_counted_right(solver: str) -> None:
    calls = 0

    def counting(x: torch.Tensor, t: float) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return x

    solve(counting, torch.zeros(1), solver, 7)
    assert calls == 7 * EVALUATIONS[solver]


def test_trajectory_starts_at_x_and_has_a_state_a_step() -> None:
    x = torch.ones(2)
    states = list(trajectory(rate, x, "heun", 5))
    assert len(states) == 6
    assert states[0] is x


@pytest.mark.parametrize(("solver", "steps"), [("dopri", 3), ("euler", 0)])
def test_unknown_solver_or_no_steps_is_refused(solver: str, steps: int) -> None:
    with pytest.raises(RecipeError, match="There is no solver"):
        solve(rate, torch.ones(1), solver, steps)
