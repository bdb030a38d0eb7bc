"""Entrants: what takes part in a contest, turned into three functions on numpy arrays and a few facts.

Everything that crosses this border is a float32 array: images (B, 1, 28, 28) in [0, 1], latents (B, D).
"""

from flowleague.entrant.model import EntrantFinding, Facts, Model, WeightFile

__all__ = ["EntrantFinding", "Facts", "Model", "WeightFile"]
