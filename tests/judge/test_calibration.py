import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from flowleague.judge.judges import entropies, expected_calibration_error, figures, fit_temperature


def two_classes(confidence: list[float], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities of class 0 with the given confidences, and labels 0 where it is right."""
    p = np.array(confidence)
    return np.log(np.stack([p, 1 - p], axis=1)), np.where(right, 0, 1)


def test_calibration_error_of_constructed_bins():
    # bin of 0.9: 4 of 5 right; bin of 0.6: 1 of 5 right
    log_p, labels = two_classes([0.9] * 5 + [0.6] * 5, [True] * 4 + [False] + [True] + [False] * 4)
    assert expected_calibration_error(log_p, labels) == pytest.approx(0.5 * (0.9 - 0.8) + 0.5 * (0.6 - 0.2))


def test_errors_of_opposite_sign_cancel_within_a_bin_and_not_between_bins():
    log_p, labels = two_classes([0.75, 0.75, 0.75, 0.75], [True, True, True, False])
    assert expected_calibration_error(log_p, labels) == pytest.approx(0, abs=1e-12)
    assert expected_calibration_error(*two_classes([0.99, 0.55], [False, True])) == pytest.approx((0.99 + 0.45) / 2)


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_entropy_lies_between_0_and_log_c(classes, seed):
    rng = np.random.default_rng(seed)
    found = entropies(log_softmax(rng.normal(size=(20, classes)) * 30, axis=1))
    assert (found >= 0).all()
    assert (found <= np.log(classes) + 1e-12).all()


def test_entropy_of_uniform_and_of_certain_rows():
    with np.errstate(divide="ignore"):
        log_p = np.log(np.array([[0.1] * 10, [1.0] + [0.0] * 9]))
    assert entropies(log_p) == pytest.approx([np.log(10), 0])


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_recovers_a_known_scaling(scale):
    # labels drawn from softmax(z): logits scale * z are honest at T = scale
    rng = np.random.default_rng(0)
    z = rng.normal(size=(40_000, 10)) * 2
    p = np.exp(log_softmax(z, axis=1))
    labels = (p.cumsum(1) > rng.random((len(z), 1))).argmax(1)
    assert fit_temperature(scale * z, labels) == pytest.approx(scale, rel=0.03)


def test_temperature_makes_an_overconfident_reading_honest():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40_000, 10)) * 2
    labels = (np.exp(log_softmax(z, axis=1)).cumsum(1) > rng.random((len(z), 1))).argmax(1)
    before = expected_calibration_error(log_softmax(3 * z, axis=1), labels)
    after = expected_calibration_error(log_softmax(3 * z / fit_temperature(3 * z, labels), axis=1), labels)
    assert before > 0.1
    assert after < 0.01


def test_figures_carry_n_and_the_standard_error_of_a_mean():
    log_p, labels = two_classes([0.9] * 100, [True] * 90 + [False] * 10)
    found = figures(log_p, labels)
    assert found["accuracy"]["value"] == pytest.approx(0.9)
    assert found["accuracy"]["standard_error"] == pytest.approx(np.sqrt(0.09 / 99))
    assert found["confidence"]["value"] == pytest.approx(0.9)
    assert found["entropy"]["value"] == pytest.approx(-(0.9 * np.log(0.9) + 0.1 * np.log(0.1)))
    assert found["calibration_error"]["value"] == pytest.approx(0, abs=1e-9)
    assert {figure["n"] for figure in found.values()} == {100}
