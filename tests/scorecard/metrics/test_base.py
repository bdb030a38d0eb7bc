import numpy as np
import pytest

from flowleague.scorecard.metrics._base import missing, over_images, over_repeats, standard_error


def test_standard_error_is_that_of_the_mean():
    rng = np.random.default_rng(0)
    means = [rng.normal(size=25).mean() for _ in range(4000)]
    errors = [standard_error(rng.normal(size=25)) for _ in range(4000)]
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.05)


def test_repeats_are_averaged_over_judges_and_then_over_repeats():
    figure = over_repeats([{"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 6.0}], 10, {"a": 0.0, "b": 1.0})
    assert (figure.value, figure.repeats, figure.reference, figure.n) == (3.0, (2.0, 4.0), 0.5, 10)
    assert figure.detail == {"a": 1.5, "b": 4.5}
    assert figure.standard_error == pytest.approx(1.0)


def test_images_are_averaged():
    figure = over_images(np.array([0.0, 1.0, 2.0, 3.0]), 0.0)
    assert (figure.value, figure.n) == (1.5, 4)
    assert figure.standard_error == pytest.approx(np.sqrt(5 / 3) / 2)


def test_what_is_missing_says_why():
    assert missing("not reported").value is None
    assert missing("not reported").reason == "not reported"
