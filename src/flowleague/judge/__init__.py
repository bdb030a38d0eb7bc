"""The judge: six categories of metrics, measured so that the same model always gets the same score.

>>> from flowleague.judge import measure                                          # doctest: +SKIP
>>> card = measure(encode, decode, generate)      # three functions on numpy arrays  # doctest: +SKIP
>>> card.metrics()["reconstruction.mse"].value                                    # doctest: +SKIP
0.00412

The schema (`flowleague.judge.schema`) and the catalogue of metrics need no torch; what measures is imported late.
"""

from typing import TYPE_CHECKING, Any

from flowleague.judge.schema import Finding, Metric, Scorecard, read_scorecard, write_scorecard

if TYPE_CHECKING:
    from flowleague.judge.scorecard import measure

__all__ = ["Finding", "Metric", "Scorecard", "measure", "read_scorecard", "write_scorecard"]


def __getattr__(name: str) -> Any:
    if name == "measure":
        from flowleague.judge.scorecard import measure

        return measure
    raise AttributeError(f"module 'flowleague.judge' has no attribute '{name}'")
