"""FlowLeague: run, enter and win latent flow matching contests.

The names below are all that most programs need; each is imported when it is first used, so that ``import flowleague``
loads neither torch nor numpy.

>>> import flowleague
>>> model = flowleague.LatentFlow.load("runs/quick")                        # doctest: +SKIP
>>> images = model.generate(16, seed=1)  # (16, 1, 28, 28) in [0, 1]     # doctest: +SKIP
>>> flowleague.get_recipe("quick", ["vae.latent=49"]).vae.latent
49
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowleague.bundle.read import read_bundle
    from flowleague.bundle.recipe import RECIPES, Recipe, get_recipe
    from flowleague.contest.folder import open_contest
    from flowleague.data import load_training
    from flowleague.judge.measure import measure
    from flowleague.model.latent_flow import LatentFlow
    from flowleague.model.randomness import noise
    from flowleague.program.capturing.entry import capture
    from flowleague.ranking.rank import rank
    from flowleague.scorecard.card import Scorecard, read_scorecard
    from flowleague.scorecard.compare import compare
    from flowleague.training.train import train

__all__ = [
    "RECIPES",
    "LatentFlow",
    "Recipe",
    "Scorecard",
    "capture",
    "compare",
    "get_recipe",
    "load_training",
    "measure",
    "noise",
    "open_contest",
    "rank",
    "read_bundle",
    "read_scorecard",
    "train",
]

_HOMES = {
    "bundle.read": ("read_bundle",),
    "bundle.recipe": ("RECIPES", "Recipe", "get_recipe"),
    "contest.folder": ("open_contest",),
    "data": ("load_training",),
    "judge.measure": ("measure",),
    "model.latent_flow": ("LatentFlow",),
    "model.randomness": ("noise",),
    "program.capturing.entry": ("capture",),
    "ranking.rank": ("rank",),
    "scorecard.card": ("Scorecard", "read_scorecard"),
    "scorecard.compare": ("compare",),
    "training.train": ("train",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"flowleague.{home}"), name)
    raise AttributeError(f"module 'flowleague' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
