import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scorecard.looks import Looks, read_as

from flowleague.scorecard.metrics.quality import (
    confidence,
    confidence_gap,
    confidence_p05,
    entropy,
    entropy_gap,
    entropy_p95,
)


def log_softmax(logits):
    logits = logits - logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def looked(log_p):
    return Looks(read_as(log_p), read_as(log_p))


@given(arrays(np.float64, (20, 10), elements=st.floats(-200, 200)))
def test_bounds(logits):
    read = looked(log_softmax(logits))
    assert 0.1 - 1e-9 <= confidence_p05(read) <= 1 + 1e-9
    assert 0.1 - 1e-9 <= confidence(read) <= 1 + 1e-9
    assert -1e-9 <= entropy(read) <= np.log(10) + 1e-9
    assert -1e-9 <= entropy_p95(read) <= np.log(10) + 1e-9


def test_certain_and_ignorant_readings():
    certain = np.full((5, 10), -np.inf)
    certain[:, 2] = 0
    assert entropy(looked(certain)) == 0
    assert confidence(looked(certain)) == 1
    assert entropy(looked(np.full((5, 26), -np.log(26)))) == pytest.approx(np.log(26))


def test_gaps_punish_both_sides_alike():
    real, surer, unsurer = (read_as(np.log([[p, *[(1 - p) / 9] * 9]])) for p in (0.90, 0.95, 0.85))
    assert confidence_gap(Looks(surer, real)) == pytest.approx(confidence_gap(Looks(unsurer, real)))
    assert entropy_gap(Looks(surer, real)) > 0 < entropy_gap(Looks(unsurer, real))
    assert confidence_gap(Looks(real, real)) == entropy_gap(Looks(real, real)) == 0
