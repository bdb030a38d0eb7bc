"""A judge that is held out sees what was tuned to the public judges, and nothing else in what was not."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.judge.conftest import SmallJudge, train_small_judge

from flowleague.entrant.model import Model
from flowleague.judge.evidence import look
from flowleague.judge.measure import measure_model
from flowleague.judge.tuning import NOBODY, Compared, HeldOut
from flowleague.ranking.findings import Consequence, Flag
from flowleague.scorecard.metrics._base import Given


@pytest.fixture(scope="module")
def apart(training):
    return train_small_judge("apart", 2, training)


@dataclasses.dataclass
class Unsure:
    """A judge with the features of another, to whom every image may be anything."""

    other: SmallJudge
    name: str = "unsure"
    sha256: str = "0" * 64

    def read(self, images):
        anything = np.full((len(images), 10), np.log(0.1), np.float32)
        return dataclasses.replace(self.other.read(images), log_probabilities=anything)


@pytest.fixture(scope="module")
def tuned(digits, judges):
    """Digits with noise to which both public judges are blind: their first layers take it for nothing."""
    images = torch.from_numpy(digits.train.pixels(2000))
    blind = torch.linalg.svd(torch.cat([judge.trunk[1].weight.detach() for judge in judges]))[2][256:]
    noise = torch.randn(len(images), len(blind), generator=torch.Generator().manual_seed(0))
    return (images + (noise @ blind).view_as(images)).numpy()


@dataclasses.dataclass
class Linear:
    """A generator of images: principal components (k, 784) of digits, and their mean; noise is (n, k)."""

    mean: torch.Tensor
    axes: torch.Tensor

    @classmethod
    def fitted(cls, images, size):
        x = images.flatten(1)
        spread, axes = torch.linalg.svd(x - x.mean(0), full_matrices=False)[1:]
        return cls(x.mean(0), axes[:size] * (spread[:size] / len(x) ** 0.5)[:, None])

    def draw(self, noise):
        return (self.mean + noise @ self.axes).view(-1, 1, 28, 28).clamp(0, 1)

    def tuned(self, judges, images, steps=120):
        """The same, its weights moved until the judges' features of draws have the mean and spread of real ones."""
        mean, axes = (w.clone().requires_grad_() for w in (self.mean, self.axes))
        real, optimiser = [judge.trunk(images).detach() for judge in judges], torch.optim.Adam((mean, axes), 5e-3)
        generator = torch.Generator().manual_seed(5)
        for _ in range(steps):
            drawn = Linear(mean, axes).draw(torch.randn(1000, len(axes), generator=generator))
            pairs = [(judge.trunk(drawn), known) for judge, known in zip(judges, real, strict=True)]
            losses = [((a.mean(0) - b.mean(0)) ** 2).sum() + ((a.T.cov() - b.T.cov()) ** 2).sum() for a, b in pairs]
            loss = torch.stack(losses).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return Linear(mean.detach(), axes.detach())


def found(apart, digits, seen, images, source: Given = "samples"):
    held_out = HeldOut.of(apart, digits)
    held_out.look(source, images, seen, look(images, seen))
    return held_out.finding("quality" if source == "samples" else "consistency")


def test_images_tuned_to_the_public_judges_are_found(apart, digits, seen, tuned):
    finding = found(apart, digits, seen, tuned)
    assert finding
    assert finding.name == "judge_tuning"
    assert "Fréchet distance" in finding.sentence


@pytest.mark.parametrize("fooled", [(0, 1), (0,), (1,)])
def test_a_generator_whose_weights_were_tuned_to_public_judges_is_found(fooled, apart, digits, judges, seen):
    images, held_out = torch.from_numpy(digits.train.pixels(4000)), HeldOut.of(apart, digits)
    honest = Linear.fitted(images, size=8)
    noise = torch.randn(2000, 8, generator=torch.Generator().manual_seed(1))
    compared = []
    for generator in (honest, honest.tuned([judges[k] for k in fooled], images)):
        drawn = generator.draw(noise).numpy()
        compared.append(held_out.compare(drawn, seen, look(drawn, seen)))
    before, after = compared
    assert after.public < before.public / 2  # it pays, and not only by what those judges alone see
    assert after.own < before.own / 1.5
    assert after.ratio > 1.2 * before.ratio
    assert after.finding == "judges_disagree"


@pytest.mark.parametrize(
    ("own", "public", "finding"),
    [
        (1.7, 3.0, ""),  # as honest models: the held-out judge is trained less, and sees less
        (2.8, 2.6, "judges_disagree"),  # as one that was tuned
        (6.0, 2.6, "judge_tuning"),
        (0.2, -0.1, ""),  # as good as training images
        (150, 110, ""),  # far from digits
        (230, 110, "judge_tuning"),
    ],
)
def test_limits_by_the_distances_that_judges_see(own, public, finding):
    assert Compared(own, public, real=1.0, surer=0.0).finding == finding


def test_a_slight_departure_is_told_under_a_name_that_costs_nothing(apart, digits, seen):
    images, held_out = torch.from_numpy(digits.train.pixels(4000)), HeldOut.of(apart, digits)
    drawn = Linear.fitted(images, size=8).draw(torch.randn(2000, 8, generator=torch.Generator().manual_seed(1)))
    held_out.look("samples", drawn.numpy(), seen, look(drawn.numpy(), seen))
    finding = held_out.finding("quality")
    assert finding  # this judge was trained as long as the public ones, so that r is 1 of an honest model
    assert finding.name == "judges_disagree"
    assert Flag(finding.name, finding.sentence).consequence is Consequence.NOTE


def test_images_that_no_judge_likes_are_not(apart, digits, seen):
    noise = np.random.default_rng(0).random((500, 1, 28, 28), np.float32)
    for images in (digits.train.pixels(2000), digits.train.pixels(500) / 2, noise):
        assert found(apart, digits, seen, images) is None
        assert found(apart, digits, seen, images, "midpoint") is None


def test_a_public_judge_that_is_held_out_departs_from_nothing(judges, digits, seen, tuned):
    assert found(judges[0], digits, seen, tuned) is None


def test_what_public_judges_alone_are_sure_of_is_found(apart, digits, seen):
    images = digits.train.pixels(500)
    finding = found(Unsure(apart), digits, seen, images, "gaussian")
    assert finding
    assert "less sure of decoded draws of the Gaussian" in finding.sentence
    assert found(Unsure(apart), digits, seen, images, "midpoint")
    assert HeldOut.of(Unsure(apart), digits).finding("consistency") is None  # nothing was looked at


def test_who_holds_nobody_out_finds_nothing(digits, seen, tuned):
    assert HeldOut.of(None, digits) is NOBODY
    NOBODY.look("samples", tuned, seen, look(tuned, seen))
    assert NOBODY.finding("quality") is None


def test_a_measurement_carries_the_finding_and_nothing_else_of_the_judge(apart, judges, tiny):
    def encode(images):
        return images.reshape(len(images), 784)[:, ::16]

    def decode(latents):
        return np.repeat(latents, 16, axis=1).reshape(-1, 1, 28, 28).clip(0, 1)

    real = tiny.train.pixels()
    model = Model(encode, decode, lambda n, seed: np.roll(real, seed % 1000, 0)[:n])
    cards = [measure_model(model, tiny, judges, "mnist", held_out=one) for one in (None, Unsure(apart))]
    names = [{finding.name for finding in card.findings} for card in cards]
    assert names[1] - names[0] == {"judge_tuning"}
    assert {f.category for f in cards[1].findings if f.name == "judge_tuning"} >= {"quality"}
    assert cards[0].judges == cards[1].judges
    assert [m.value for m in cards[0].metrics().values()][:20] == [m.value for m in cards[1].metrics().values()][:20]
