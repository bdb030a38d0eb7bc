"""Contrasts by writer, permutations and Holm, against closed forms."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.errors import JudgeError
from flowleague.judge.provenance.statistics import (
    at_most_for_winner,
    contrast,
    holm,
    is_lowest,
    sign_flip_p,
    writer_gaps,
)

WRITERS, EACH = 120, 8  # half of the writers are treated


def values(rng: np.random.Generator, leak: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values of images with an effect of the writer, one of the hard half, and a leak; treated, hard and writers."""
    writers = np.repeat(np.arange(WRITERS), EACH)
    treated, hard = writers < WRITERS // 2, rng.random(WRITERS)[writers] < np.where(writers < WRITERS // 2, 0.5, 0.3)
    noise = rng.normal(size=WRITERS)[writers] + rng.normal(size=len(writers))
    return noise + 2.0 * hard - leak * treated, treated, hard, writers


def test_without_a_leak_z_is_standard_normal_and_a_planted_one_is_found() -> None:
    rng = np.random.default_rng(1)
    draws = [contrast(*values(rng)) for _ in range(600)]
    z = np.array([effect.z for effect in draws])
    assert abs(z.mean()) < 4 / 600**0.5
    assert z.std() == pytest.approx(1, abs=0.12)  # 4 standard errors of it
    assert {effect.clusters for effect in draws} == {WRITERS}
    found = [contrast(*values(rng, leak=1.0)) for _ in range(50)]
    assert np.mean([effect.value for effect in found]) == pytest.approx(-1, abs=0.15)
    assert np.mean([effect.z for effect in found]) < -4


def test_writers_and_the_hard_half_matter() -> None:
    rng = np.random.default_rng(2)
    each = [values(rng) for _ in range(200)]
    naive = np.array([contrast(v, treated, hard).z for v, treated, hard, _ in each])
    unadjusted = np.array([contrast(v, treated, None, writers).value for v, treated, _, writers in each])
    assert naive.std() > 1.7  # errors of single images are too small where writers differ
    assert unadjusted.mean() == pytest.approx(2 * 0.2, abs=0.1)  # what the hard half adds by itself


@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_without_clusters_it_is_the_difference_of_means(seed: int, shift: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=9), rng.normal(size=14)
    v, treated = scale * np.concatenate([a, b]) + shift, np.repeat([True, False], [9, 14])
    effect = contrast(v, treated)
    assert effect.value == pytest.approx(scale * (a.mean() - b.mean()), abs=1e-9)
    n = 23  # HC1 of two means: Σ (residual / group size)²
    squared = ((a - a.mean()) ** 2).sum() / 81 + ((b - b.mean()) ** 2).sum() / 196
    assert effect.error == pytest.approx(scale * np.sqrt(squared * n / (n - 1) * (n - 1) / (n - 2)))


def test_images_of_one_kind_cannot_be_compared() -> None:
    for treated in (np.ones(5, bool), np.zeros(5, bool)):
        with pytest.raises(JudgeError, match="cannot be compared"):
            contrast(np.arange(5.0), treated)
    with pytest.raises(JudgeError, match="cannot be compared"):
        contrast(np.arange(4.0), np.array([1, 1, 0, 0], bool), np.array([1, 1, 0, 0]))


def test_a_permutation_p_value_is_near_the_exact_one_and_uniform_without_an_effect() -> None:
    gaps = np.array([-1.2, 0.3, -0.8, -0.5, 0.1, -0.9, 0.2, -0.4])
    exact = np.mean([np.dot(signs, gaps) <= gaps.sum() + 1e-12 for signs in product([-1, 1], repeat=8)])
    assert sign_flip_p(gaps, 20_000, seed=3) == pytest.approx(exact, abs=0.01)
    rng = np.random.default_rng(4)
    p = np.array([sign_flip_p(rng.normal(size=30), 2400, seed) for seed in range(300)])
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.05)
    assert p.mean() == pytest.approx(0.5, abs=0.07)
    with pytest.raises(JudgeError, match="2,400"):
        sign_flip_p(gaps, 2399, 0)


def test_gaps_are_of_writers_who_have_both() -> None:
    gaps = writer_gaps(np.array([1.0, 3, 10, 5, 7]), np.array([1, 1, 0, 1, 0], bool), np.array([1, 1, 1, 2, 3]))
    assert gaps.tolist() == [-8]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 30))
def test_holm_is_as_it_was_published(p_values: list[float], more: int) -> None:
    tests = len(p_values) + more
    adjusted = holm({str(number): p for number, p in enumerate(p_values)}, tests)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate([min(1, (tests - k) * p_values[i]) for k, i in enumerate(order)])
    assert [adjusted[str(i)] for i in order] == pytest.approx(stepped.tolist(), abs=1e-9)


def test_holm_knows_no_more_tests_than_were_fixed() -> None:
    with pytest.raises(JudgeError, match="2 tests were run where 1 had been fixed"):
        holm({"a": 0.1, "b": 0.2}, 1)


def test_of_nobody_none_is_lowest() -> None:
    assert not is_lowest(-100, [])
    assert is_lowest(-1.0, [-0.9, 2]) and not is_lowest(-0.9, [-0.9])  # noqa: PT018


def test_the_rate_of_a_winner_is_that_of_the_lowest_of_all() -> None:
    rng = np.random.default_rng(5)
    lowest = rng.random((20_000, 13)).min(axis=1)
    assert (lowest < 0.01).mean() == pytest.approx(at_most_for_winner(0.01, 13), abs=0.01)
