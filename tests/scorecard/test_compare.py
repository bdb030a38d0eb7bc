import numpy as np
import pytest

from flowleague.scorecard.card import Metric, read_scorecard
from flowleague.scorecard.compare import compare, difference
from flowleague.shipped import scorecard


def metric(repeats=(), value=None, standard_error=0.0, reason=""):
    value = float(np.mean(repeats)) if len(repeats) else value
    return Metric(
        name="frechet",
        value=value,
        standard_error=standard_error,
        n=5,
        unit="features²",
        direction="lower",
        repeats=tuple(repeats),
        reason=reason,
    )


def test_noise_that_both_share_cancels():
    shared = np.array([0.0, 5.0, -3.0, 1.0, 2.0])
    found = difference(metric(shared), metric(shared + np.array([0.1, 0.11, 0.09, 0.1, 0.1])))
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.exceeds_noise


def test_one_in_twenty_differs_by_chance():
    rng = np.random.default_rng(0)
    pairs = [difference(metric(rng.normal(size=5)), metric(rng.normal(size=5))) for _ in range(4000)]
    assert np.mean([pair.exceeds_noise for pair in pairs if pair]) == pytest.approx(0.05, abs=0.01)


def test_without_repeats_both_standard_errors_count():
    close = difference(metric(value=1.0, standard_error=0.3), metric(value=1.9, standard_error=0.4))
    far = difference(metric(value=1.0, standard_error=0.3), metric(value=2.1, standard_error=0.4))
    assert close is not None
    assert far is not None
    assert not close.exceeds_noise
    assert far.exceeds_noise


def test_counts_differ_without_noise_and_equal_ones_do_not():
    one, other = metric(value=100.0), metric(value=101.0)
    assert [d.exceeds_noise for d in (difference(one, other), difference(one, one)) if d] == [True, False]


def test_what_is_missing_does_not_compare():
    assert difference(metric(value=None, reason="not reported"), metric(value=1.0)) is None


def test_what_differs_is_beyond_the_noise_of_somebody():
    cards = [read_scorecard(scorecard(name)) for name in ("tiny", "base")]
    differs = {row.name for row in compare(cards) if row.differs}
    assert {"reconstruction.mse", "efficiency.tensors_total"} <= differs
    assert "reconstruction.digit_kept" not in differs
    assert not any(row.differs for row in compare([cards[0], cards[0]]))
