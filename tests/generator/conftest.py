"""Digits for training in a second."""

from pathlib import Path

import pytest

from flowleague.data import TrainingData, load_training


@pytest.fixture(scope="session")
def few_digits(idx_folder: Path) -> TrainingData:
    """1,100 real digits to train on and 100 to validate."""
    return load_training(str(idx_folder))
