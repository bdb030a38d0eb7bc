"""FlowLeague: run, enter and win latent flow matching contests.

>>> from flowleague import LatentFlow                                    # doctest: +SKIP
>>> images = LatentFlow.load("runs/quick").generate(16, seed=1)          # doctest: +SKIP

Importing this package loads neither torch nor numpy; the names below are imported when they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowleague.model.latent_flow import LatentFlow

__all__ = ["LatentFlow"]


def __getattr__(name: str) -> Any:
    if name == "LatentFlow":
        from flowleague.model.latent_flow import LatentFlow

        return LatentFlow
    raise AttributeError(f"module 'flowleague' has no attribute '{name}'")
