"""Cheats with known answers: each is caught with the number it deserves, and its honest neighbour passes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowleague.entrant.model import Facts, Model, WeightFile
from flowleague.judge.categories import measure_reconstruction
from flowleague.judge.checked import CheckedModel
from flowleague.judge.integrity import (
    QUERIES,
    WIDER,
    Repeats,
    depends_on_batch,
    grid_step,
    hidden_bits,
    parameters_disagree,
    round_to_2,
    to_8_bits,
)

latents = arrays(np.float32, (300, 3), elements=st.floats(-1e6, 1e6, width=32))


@given(latents)
def test_rounding_has_256_levels_and_moves_nothing_by_more_than_half_a_step(z):
    rounded = to_8_bits(z)
    noise = 1e-6 * np.abs(z).max()
    assert (np.abs(rounded - z) <= grid_step(z) / 2 + noise).all()
    assert all(len(np.unique(column)) <= 256 for column in rounded.T)
    np.testing.assert_allclose(to_8_bits(rounded), rounded, atol=noise)


def test_a_constant_latent_stays():
    z = np.column_stack([np.full(10, 3.25), np.random.default_rng(0).random(10)]).astype(np.float32)
    np.testing.assert_array_equal(to_8_bits(z)[:, 0], z[:, 0])


# The code of 4 x 4 pixels: their mean, or, black or white, as 16 binary digits of one float.


def patches(images):
    return images.reshape(-1, 7, 4, 7, 4).transpose(0, 1, 3, 2, 4).reshape(-1, 49, 16)


def unpatched(values):
    return values.reshape(-1, 7, 7, 4, 4).transpose(0, 1, 3, 2, 4).reshape(-1, 1, 28, 28).astype(np.float32)


def mean_encode(images):
    return patches(images).mean(2)


def mean_decode(z):
    return unpatched(np.repeat(z[:, :, None], 16, 2)).clip(0, 1)


WORTH = 0.5 ** np.arange(1, 17)


def bits_encode(images):
    return ((patches(images) > 0.5) @ WORTH).astype(np.float32)


def bits_decode(z):
    return unpatched(np.floor(z[:, :, None].astype(np.float64) / WORTH) % 2)


def never(*_):
    raise AssertionError


def reconstruction(digits, seen, encode, decode):
    figures, _, found = measure_reconstruction(CheckedModel(Model(encode, decode, never)), digits, seen)
    values = {name.partition(".")[2]: figure.value for name, figure in figures.items() if figure.value is not None}
    return values, [finding.name for finding in found]


def test_a_codec_in_float_bits_is_found_and_its_worst_figures_count(digits, seen):
    honest, found = reconstruction(digits, seen, mean_encode, mean_decode)
    assert found == []
    assert honest["mse_8_bit"] == pytest.approx(honest["mse"], rel=1e-3)
    codec, found = reconstruction(digits, seen, bits_encode, bits_decode)
    assert found == ["hidden_bits"]
    x = digits.test.pixels()
    claimed = float(((bits_decode(bits_encode(x)) - x) ** 2).mean())
    assert claimed < honest["mse"] / 2  # it would have won
    assert codec["mse"] == codec["mse_noise"] > codec["mse_8_bit"] > 2 * claimed
    assert codec["ssim"] < codec["ssim_8_bit"]
    assert codec["digit_kept"] < 1


def test_the_margin_of_hidden_bits_is_five_percent():
    error = np.full(100, 0.004)
    assert hidden_bits(error, error * 1.04) is None
    assert hidden_bits(error, error * 1.06) is not None
    assert hidden_bits(np.zeros(100), np.full(100, 5e-6)) is None


def company(encode, decode, images):
    model = CheckedModel(Model(encode, decode, never))
    z = model.encode(images)
    return depends_on_batch(model, images, z, model.decode(z))


def normalised(network):
    """A network on numpy arrays that was left in training mode."""
    return lambda x: network(torch.from_numpy(x)).detach().numpy()


class Counter:
    """An encoder that hands the decoder the number of the image instead of the image."""

    def __init__(self):
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        return np.repeat(np.arange(self.seen - len(images), self.seen, dtype=np.float32)[:, None], 3, 1)


def test_honest_networks_do_not_depend_on_the_batch(digits):
    torch.manual_seed(0)
    down = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 300), torch.nn.SiLU(), torch.nn.Linear(300, 16))
    up = torch.nn.Sequential(torch.nn.Linear(16, 784), torch.nn.Sigmoid(), torch.nn.Unflatten(1, (1, 28, 28)))
    assert company(normalised(down), normalised(up), digits.test.pixels()) is None
    assert company(mean_encode, mean_decode, digits.test.pixels()) is None


DOWN = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 49), torch.nn.BatchNorm1d(49))
UP = torch.nn.Sequential(
    torch.nn.BatchNorm1d(49), torch.nn.Linear(49, 784), torch.nn.Sigmoid(), torch.nn.Unflatten(1, (1, 28, 28))
)


@pytest.mark.parametrize(
    ("encode", "decode", "call"),
    [
        (normalised(DOWN), mean_decode, "encode"),
        (mean_encode, normalised(UP), "decode"),
        (Counter(), lambda z: np.zeros((len(z), 1, 28, 28), np.float32), "encode"),
        (lambda x: mean_encode(x) + np.float32(0.2) * x.mean(), mean_decode, "encode"),
    ],
)
def test_what_depends_on_the_batch_is_found(digits, encode, decode, call):
    finding = company(encode, decode, digits.test.pixels())
    assert finding is not None
    assert finding.name == "depends_on_batch"
    assert f" {call} " in finding.sentence


def counted(*samples):
    repeats = Repeats()
    for images in samples:
        repeats.add(images)
    return repeats


def drawn(bank, seeds=5, n=2000, jitter=0.0):
    """Samples of some seeds, each dealt from a bank without repetition."""
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        images = bank[rng.permutation(len(bank))[:n]]
        yield (images + jitter * rng.standard_normal(images.shape)).astype(np.float32)


@pytest.mark.parametrize("jitter", [0.0, 0.002, 0.009])
@pytest.mark.parametrize("size", [pytest.param(2000, marks=pytest.mark.long), 50_000])
def test_a_stored_bank_is_found_and_its_size_is_told(training, size, jitter):
    repeats = counted(*drawn(training.train.pixels()[:size].reshape(size, 784), jitter=jitter))
    finding = repeats.finding()
    assert finding is not None
    assert finding.name == "stored_bank"
    expected = 4 * QUERIES * 2000 / size
    found = int(repeats.close[: len(repeats.radii) // 2].max())
    assert found == pytest.approx(expected, abs=4 * expected**0.5)
    assert f"about {round_to_2(repeats.pairs / found):,} stored images" in finding.sentence


def test_a_generator_that_mixes_a_bank_with_new_samples_is_found(training):
    pixels = training.train.pixels().reshape(-1, 784)
    new = (pixels[1000 + 1500 * seed :][:1500] for seed in range(5))
    mixed = [np.concatenate(pair) for pair in zip(drawn(pixels[:1000], n=500), new, strict=True)]
    assert counted(*mixed).finding() is not None


def test_real_images_that_never_repeat_are_no_bank(training):
    pixels = training.train.pixels().reshape(-1, 784)
    assert counted(*(pixels[i : i + 5000] for i in range(0, 25_000, 5000))).finding() is None


@pytest.mark.parametrize("dimensions", [1, 2, 3, 8])
def test_few_degrees_of_freedom_are_no_bank_and_show_in_the_slope(dimensions):
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((784, dimensions)))[0].T
    repeats = counted(*(2 * (rng.standard_normal((5000, dimensions)) @ basis).astype(np.float32) for _ in range(3)))
    assert repeats.finding() is None
    half = len(repeats.radii) // 2
    if repeats.close[half - 1] > 100:
        slope = np.log(repeats.close[-1] / repeats.close[half - 1]) / np.log(WIDER)
        assert slope == pytest.approx(dimensions, abs=0.25)


def test_counts_that_disagree_are_found_beyond_rounding():
    files = (WeightFile("vae", "0" * 64, 400_000, 100_000),)
    for reachable, found in ((None, False), (100_000, False), (106_024, False), (93_976, False), (106_025, True),
                             (150_000, True), (1000, True)):  # fmt: skip
        assert bool(parameters_disagree(Facts(weights=files, reachable=reachable))) == found
    finding = parameters_disagree(Facts(reachable=5000))
    assert finding is not None
    assert "hold 0 numbers, and its programs 5,000" in finding.sentence
