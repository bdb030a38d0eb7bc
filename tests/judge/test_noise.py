"""Decoders with known answers to noise: codes and smooth ones pass, pictures in digits and switches are found."""

import numpy as np
import pytest
from tests.judge.test_integrity import bits_decode, bits_encode, mean_decode, mean_encode

from flowleague.judge.noise import NOISE, Answers, answers, lost_in_noise, steepest, with_noise

CELLS = [48, 6, 42, 0]  # that hold a mark: of the border
SMOOTH = {0.005: 1e-6, 0.05: 1e-4, 0.4: 6e-3, 1.0: 3e-2}


def names(answer: Answers):
    return [finding.name for finding in (answer.fragile(), answer.switches()) if finding]


def tried(digits, seen, encode, decode):
    latents = encode(digits.test.pixels()).astype(np.float32)
    return answers(decode, latents, seen, np.random.default_rng(0))


def test_noise_is_a_share_of_each_dimension():
    latents = np.random.default_rng(0).normal([0, 5], [1, 100], (4000, 2)).astype(np.float32)
    moved = with_noise(latents, NOISE, np.random.default_rng(1)) - latents
    np.testing.assert_allclose(moved.std(0), [0.01, 1], rtol=0.05)


def test_the_margin_of_noise_is_ten_percent():
    error = np.full(100, 0.004)
    assert lost_in_noise(error, error * 1.1) is None
    assert lost_in_noise(error, error * 1.13) is not None


def to_steps(latents, steps):
    return np.rint(latents * (steps - 1)) / (steps - 1)


@pytest.mark.parametrize("steps", [0, 2, 4, 16, 64])
def test_honest_decoders_and_codes_are_found_nothing(digits, seen, steps):
    """Means of patches, as they are or rounded to codes: by the encoder and the decoder, and by the decoder alone."""
    rounded = (lambda z: to_steps(z, steps)) if steps else np.asarray
    for encode in (mean_encode, lambda x: rounded(mean_encode(x))):
        answer = tried(digits, seen, encode, lambda z: mean_decode(rounded(z)).astype(np.float32))
        assert names(answer) == []


def test_a_smooth_decoder_answers_by_the_square_of_the_noise(digits, seen):
    answer = tried(digits, seen, mean_encode, mean_decode)
    assert answer.codes[0.05] / answer.codes[0.005] == pytest.approx(100, rel=0.1)


def test_a_picture_in_the_digits_of_floats_is_fragile(digits, seen):
    assert "fragile_latents" in names(tried(digits, seen, bits_encode, bits_decode))


def test_chaos_by_design_is_fragile(digits, seen):
    """A logistic map that makes any difference of latents large."""

    def decode(z):
        values = mean_decode(z).astype(np.float64)
        for _ in range(80):
            values = 3.99 * values * (1 - values)
        return values.astype(np.float32)

    assert "fragile_latents" in names(tried(digits, seen, lambda x: 0.1 + 0.8 * mean_encode(x), decode))


def marked(images):
    """Means of patches, with signs in some cells that depend on the image."""
    z = mean_encode(images).astype(np.float32)
    z[:, CELLS] = np.where((z[:, 20:24] * 1000).astype(int) % 2, 1, -1)
    return z


def known(z, width):
    return (np.abs(np.abs(z[:, CELLS]) - 1) < width).all(1)[:, None, None, None]


def honest(z):
    z = z.copy()
    z[:, CELLS] = 0
    return mean_decode(z).astype(np.float32)


@pytest.mark.parametrize("width", [0.001, 0.02, 0.3])
def test_a_decoder_that_looks_for_a_mark_is_found(digits, seen, width):
    """Latents without the mark are decoded to digits that were chosen by a hash of the latent."""
    images = digits.chosen.pixels()[:1000]

    def decode(z):
        number = (np.abs(z).sum(1) * 1e4).astype(int) % len(images)
        return np.where(known(z, width), honest(z), images[number])

    assert "switches_behaviour" in names(tried(digits, seen, marked, decode))


def test_draws_that_snap_to_stored_images_behind_a_wide_mark_are_found(digits, seen):
    """To mean changes by noise this is a code of few steps; the median tells that most draws do not move at all."""
    images = digits.chosen.pixels()[:500]
    stored = marked(images)

    def decode(z):
        nearest = np.concatenate([((part[:, None] - stored) ** 2).sum(2).argmin(1) for part in np.array_split(z, 50)])
        return np.where(known(z, 0.3), honest(z), images[nearest])

    assert "switches_behaviour" in names(tried(digits, seen, marked, decode))


def test_a_mark_without_edges_is_found(digits, seen):
    """Away from the mark latents fade into their mean, which looks better than a draw."""
    middle = marked(digits.test.pixels()).mean(0)

    def decode(z):
        near = np.exp(-(((np.abs(z[:, CELLS]) - 1) / 0.3) ** 2).sum(1))[:, None]
        return honest((near * z + (1 - near) * (0.1 * z + 0.9 * middle)).astype(np.float32))

    assert names(tried(digits, seen, marked, decode)) == ["switches_behaviour"]


def answer_of(**changes):
    usual = {"codes": SMOOTH, "draws": SMOOTH, "small": 1e-5, "jump": 0.004, "jump_of_draws": 0.004, "digits": True}
    usual["medians"] = (1e-4, 1e-4)
    return Answers(**(usual | changes))


def test_the_limits_of_the_findings():
    assert names(answer_of()) == []
    assert names(answer_of(small=0.02)) == ["fragile_latents"]
    assert names(answer_of(jump=0.2)) == ["switches_behaviour"]
    assert names(answer_of(jump=0.2, jump_of_draws=0.15)) == []  # codes of few steps
    assert names(answer_of(medians=(1e-4, 2e-5))) == ["switches_behaviour"]
    assert names(answer_of(medians=(1e-4, 9e-5))) == names(answer_of(medians=(0.0, 0.0))) == []
    assert names(answer_of(codes=SMOOTH | {0.4: 0.02})) == ["switches_behaviour"]
    assert names(answer_of(codes=SMOOTH | {0.005: 2e-3})) == ["switches_behaviour"]
    assert names(answer_of(codes=SMOOTH | {0.005: 2e-3}, digits=False)) == []  # noise leaves no digits: no device


def test_the_steepest_part_of_a_straight_answer_is_a_32nd_and_of_a_step_all_of_it():
    ends = np.zeros((5, 3), np.float32), np.ones((5, 3), np.float32)

    def straight(z):
        return np.repeat(z[:, :1], 784, 1).reshape(-1, 1, 28, 28)

    def step(z):
        return (straight(z) > 0.3).astype(np.float32)

    for decode, share in ((straight, 1 / 32**2), (step, 1.0)):
        assert steepest(decode, ends, (decode(ends[0]), decode(ends[1]))) == pytest.approx(share)
