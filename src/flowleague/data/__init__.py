"""The digits: where they come from, the checksums that prove them, and the splits.

>>> from flowleague.data import load_training
>>> digits = load_training("mnist")                                      # doctest: +SKIP
>>> digits.train.pixels().shape                                          # doctest: +SKIP
(55000, 1, 28, 28)
"""

from flowleague.data.datasets import DATA_SETS, described
from flowleague.data.splits import Split, TrainingData, load_test, load_training, no_test_images

__all__ = ["DATA_SETS", "Split", "TrainingData", "described", "load_test", "load_training", "no_test_images"]
