"""Real digits for the tests, and small models trained on a few of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser import OpenPage

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # the tests share the cores among processes
os.environ.setdefault("OMP_NUM_THREADS", "1")

from flowleague.data import TrainingData, load_training
from flowleague.data.idx import to_idx

# `make test` tries few examples of each property, `make test-long` many (--hypothesis-profile=many). No limit is one of
# time: a busy machine is no fault of the code. CI tries the same few every time, so that only a change turns it red.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", UNTIMED, max_examples=30, derandomize="CI" in os.environ)
settings.register_profile("many", UNTIMED, max_examples=300)
settings.load_profile("few")


@pytest.fixture(scope="session")
def digits() -> TrainingData:
    """MNIST's training data: cached, or fetched once."""
    return load_training("mnist")


@pytest.fixture(scope="session")
def idx_folder(digits: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set of 1,200 + 100 real digits as a folder of four raw IDX files; its "test" set is train's end."""
    folder = tmp_path_factory.mktemp("idx")
    write_idx_folder(folder, digits.train.images[:1300], digits.train.labels[:1300])
    return folder


@pytest.fixture(scope="session")
def few_digits(idx_folder: Path) -> TrainingData:
    """1,100 real digits to train on and 100 to validate."""
    return load_training(str(idx_folder))


def write_idx_folder(folder: Path, images: np.ndarray, labels: np.ndarray, test: int = 100) -> None:
    """Write images (N, 28, 28) and labels as a data set whose last `test` images are its test split."""
    cut = len(images) - test
    (folder / "train-images-idx3-ubyte").write_bytes(to_idx(images[:cut]))
    (folder / "train-labels-idx1-ubyte").write_bytes(to_idx(labels[:cut]))
    (folder / "t10k-images-idx3-ubyte").write_bytes(to_idx(images[cut:]))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(to_idx(labels[cut:]))


@pytest.fixture(scope="session")
def bundle(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished bundle of a tiny recipe; tests that change it copy it first."""
    from flowleague.training.train import train
    from tests.training.tiny import tiny_recipe

    folder = tmp_path_factory.mktemp("runs") / "tiny"
    for _ in train(tiny_recipe(f"dataset={idx_folder}"), folder, load_training(str(idx_folder))):
        pass
    return folder


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """One Chromium for all tests of pages."""
    from tests.browser import running_chromium

    with running_chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: "Browser") -> "Iterator[OpenPage]":
    """Opens pages (see `tests.browser`); the test fails if one complained or asked another host for anything."""
    from tests.browser import watched_pages

    with watched_pages(chromium) as open_page:
        yield open_page
