"""A judge that a test can afford, and real digits in a plan of its size."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from flowleague.data import Split, load_test, load_training
from flowleague.judge.evidence import CachedReading, Plan, RealDigits, see

TINY = Plan("tiny", samples=300, decoded=50, manifold=200, neighbours=20, timed=20, turns=2)
SMALL = Plan("small", samples=2000, decoded=200, manifold=1000, neighbours=200, timed=50, turns=3)


@dataclass
class SmallJudge:
    """A perceptron of about 95 % accuracy: trained in a second, and read by the same rules as the real judges."""

    name: str
    trunk: nn.Module
    head: nn.Module

    @property
    def sha256(self):
        weights = b"".join(p.detach().numpy().tobytes() for p in (*self.trunk.parameters(), *self.head.parameters()))
        return hashlib.sha256(weights).hexdigest()

    def read(self, images):
        with torch.inference_mode():
            features = self.trunk(torch.as_tensor(images))
            return CachedReading(self.head(features).log_softmax(1).numpy(), features.numpy())


def train_small_judge(name, seed, digits):
    generator = torch.Generator().manual_seed(seed)
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), nn.Linear(128, 32), nn.SiLU())
    head = nn.Linear(32, 10)
    for parameter in (*trunk.parameters(), *head.parameters()):
        bound = parameter.shape[-1] ** -0.5
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    some = Split(digits.train.images[:20_000], digits.train.labels[:20_000])
    x, y = torch.from_numpy(some.pixels()), torch.from_numpy(some.labels.astype(np.int64))
    optimiser = torch.optim.Adam((*trunk.parameters(), *head.parameters()), 2e-3)
    for _ in range(3):
        for batch in torch.randperm(len(x), generator=generator).split(250):
            loss = nn.functional.cross_entropy(head(trunk(x[batch])), y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return SmallJudge(name, trunk.eval(), head.eval())


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Tests leave the user's cache alone."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("judge-cache")
    patch.setattr("flowleague.judge.cache.cache_folder", lambda *_: folder)
    yield folder
    patch.undo()


@pytest.fixture(scope="session")
def training():
    return load_training()


@pytest.fixture(scope="session")
def judges(training):
    return train_small_judge("left", 0, training), train_small_judge("right", 1, training)


@pytest.fixture(scope="session")
def digits(training, own_cache):
    return RealDigits(training.train, load_test(), SMALL)


@pytest.fixture(scope="session")
def seen(judges, digits, own_cache):
    return see(judges, digits)


@pytest.fixture(scope="session")
def tiny(training, own_cache):
    """Few real digits, where any will do."""
    return RealDigits(Split(training.train.images[:3000], training.train.labels[:3000]), load_test(), TINY)
