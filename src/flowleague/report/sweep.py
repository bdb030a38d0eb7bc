"""Quality against the number of steps and the solver: the same noises, carried to data in different ways.

error     root mean square, over samples and normalised dimensions, of x_1 - x_1*, with x_1* by RK4 in FINE steps
frechet   what the judges make of it
Order p shows as a slope of -p in the error, and quality stops following it where the model, not the solver, errs.
Where the flow is cut, the decoder's steps are among those of a setting, as in a bundle that `flowleague set` writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from flowleague.bundle.solvers import SOLVERS
from flowleague.judge.evidence import Seen, Verdict, judge_images
from flowleague.model.latent_flow import IMAGES, LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.sampler import at_one_time, solve
from flowleague.report.missing import finite

FINE = 64
MOST_EVALUATIONS = 32


@dataclass(frozen=True)
class Setting:
    """A solver and its number of steps; `own` marks the recipe's."""

    solver: str
    steps: int
    own: bool = False

    @property
    def evaluations(self) -> int:
        """Of the velocity network, for one sample."""
        return SOLVERS[self.solver].evaluations * self.steps


@dataclass(frozen=True)
class Outcome:
    """What a setting gives; `verdict` is None without judges."""

    setting: Setting
    error: float
    verdict: Verdict | None


@dataclass(frozen=True)
class Sweep:
    """All settings with n samples each, and the Fréchet distance of as many real training images."""

    outcomes: list[Outcome]
    n: int
    floor: float | None

    @property
    def solvers(self) -> list[str]:
        """The solvers of all settings, in order."""
        return list(dict.fromkeys(outcome.setting.solver for outcome in self.outcomes))

    @property
    def own(self) -> Outcome:
        """The recipe's setting."""
        return next(outcome for outcome in self.outcomes if outcome.setting.own)


def settings(model: LatentFlow) -> list[Setting]:
    """Every solver with 1, 2, 4, ... steps up to MOST_EVALUATIONS, and the recipe's own; a cut lies between two."""
    own = Setting(model.recipe.flow.solver, model.recipe.flow.steps, own=True)
    found = {(own.solver, own.steps): own}
    for solver, tableau in SOLVERS.items():
        steps = 1 if model.recipe.flow.cut == 1 else 2
        while tableau.evaluations * steps <= MOST_EVALUATIONS:
            found.setdefault((solver, steps), Setting(solver, steps))
            steps *= 2
    return sorted(found.values(), key=lambda s: (list(SOLVERS).index(s.solver), s.steps))


@torch.no_grad()
def sweep(
    model: LatentFlow,
    n: int,
    seen: Sequence[Seen],
    floor: float | None,
    progress: Callable[[float], None],
    seed: int = 0,
) -> Sweep:
    """Carry the first n noises of a seed to data with every setting."""
    x_0 = model.source(noise(seed, 0, n, model.recipe.vae.latent))
    exact = solve(at_one_time(model.velocity), x_0, "rk4", FINE)
    finite(exact.numpy(), "the flow's samples")
    outcomes, wanted = [], settings(model)
    for i, setting in enumerate(wanted):
        progress(i / len(wanted))
        x_1 = _carried(model, x_0, setting)
        decoded = [model.vae.decode(z) for z in model.velocity.denormalise(x_1).split(IMAGES)]
        images = finite(torch.cat(decoded).numpy(), f"samples by {setting.solver}")
        error = float(np.sqrt(np.mean((x_1 - exact).numpy().astype(np.float64) ** 2)))
        outcomes.append(Outcome(setting, error, judge_images(images, seen) if seen else None))
    return Sweep(outcomes, n, floor)


def _carried(model: LatentFlow, x_0: Tensor, setting: Setting) -> Tensor:
    """x_1 from x_0 (B, D); the steps before a cut are of one length, and those after it of another."""
    f, flow = at_one_time(model.velocity), model.recipe.flow
    to_cut = flow.steps_to_cut(setting.steps)
    x = solve(f, x_0, setting.solver, to_cut, end=flow.cut)
    return x if flow.cut == 1 else solve(f, x, setting.solver, setting.steps - to_cut, start=flow.cut)
