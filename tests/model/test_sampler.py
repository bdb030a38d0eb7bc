"""The order of a solver is the slope of its error against the step in a log-log plot."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import RecipeError
from flowleague.model.sampler import Rate, path, solve, step


def rate(x: torch.Tensor, t: float) -> torch.Tensor:
    """dx/dt = x cos t, whose solution is x(0) exp(sin t)."""
    return x * math.cos(t)


@pytest.mark.parametrize("solver", list(SOLVERS))
def test_error_falls_with_the_order_of_the_solver(solver: str) -> None:
    x, exact = torch.ones(1, dtype=torch.float64), math.exp(math.sin(1.0))
    steps = np.array([8, 16, 32, 64])
    errors = [abs(solve(rate, x, solver, int(n)).item() - exact) for n in steps]
    slope = np.polyfit(np.log(1 / steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(SOLVERS[solver].order, abs=0.15)


@pytest.mark.parametrize("solver", list(SOLVERS))
def test_solving_back_undoes_solving_forth(solver: str) -> None:
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    there = solve(rate, x, solver, 400)
    back = solve(rate, there, solver, 400, start=1.0, end=0.0)
    assert torch.allclose(back, x, atol=5e-3 if solver == "euler" else 1e-5)


@pytest.mark.parametrize("solver", list(SOLVERS))
def test_evaluations_are_counted_right(solver: str) -> None:
    calls = 0

    def counting(x: torch.Tensor, t: float) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return x

    solve(counting, torch.zeros(1), solver, 7)
    assert calls == 7 * SOLVERS[solver].evaluations


def test_a_path_starts_at_x_and_has_a_state_a_step() -> None:
    x = torch.ones(2)
    states = list(path(rate, x, "heun", 5))
    assert len(states) == 6
    assert states[0] is x


def by_hand(f: Rate, x: torch.Tensor, t: float, h: float) -> dict[str, torch.Tensor]:
    """One step of each method as books write it."""
    k1 = f(x, t)
    k2 = f(x + h / 2 * k1, t + h / 2)
    k3 = f(x + h / 2 * k2, t + h / 2)
    k4 = f(x + h * k3, t + h)
    return {
        "euler": x + h * k1,
        "midpoint": x + h * k2,
        "heun": x + h / 2 * (k1 + f(x + h * k1, t + h)),
        "rk4": x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4),
    }


@given(st.integers(0, 2**31), st.floats(-1, 1), st.floats(-1, 1))
def test_a_tableau_gives_the_bits_of_the_formula(seed: int, t: float, h: float) -> None:
    x = torch.randn(20, 7, generator=torch.Generator().manual_seed(seed))
    for name, wanted in by_hand(lambda x, t: torch.sin(3 * x + t), x, t, h).items():
        assert torch.equal(step(lambda x, t: torch.sin(3 * x + t), x, t, h, SOLVERS[name]), wanted), name


@pytest.mark.parametrize("solver", list(SOLVERS))
def test_a_tableau_is_consistent(solver: str) -> None:
    tableau = SOLVERS[solver]
    assert sum(tableau.end.weights) == tableau.end.unit
    assert len(tableau.end.weights) == tableau.evaluations
    assert all(len(row.weights) <= i for i, row in enumerate(tableau.stages))


@pytest.mark.parametrize(("solver", "steps"), [("dopri", 3), ("euler", 0)])
def test_unknown_solver_or_no_steps_is_refused(solver: str, steps: int) -> None:
    with pytest.raises(RecipeError, match="There is no solver"):
        solve(rate, torch.ones(1), solver, steps)
