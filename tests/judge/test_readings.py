import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowleague.judge.readings import gaps, statistics


def log_softmax(logits):
    logits = logits - logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


@given(arrays(np.float64, (20, 10), elements=st.floats(-200, 200)))
def test_bounds(logits):
    read = statistics(log_softmax(logits))
    assert 0.1 - 1e-9 <= read["confidence_p05"] <= 1 + 1e-9
    assert 0.1 - 1e-9 <= read["confidence"] <= 1 + 1e-9
    assert -1e-9 <= read["entropy"] <= np.log(10) + 1e-9


def test_certain_and_ignorant_readings():
    certain = np.full((5, 10), -np.inf)
    certain[:, 2] = 0
    assert statistics(certain)["entropy"] == 0
    assert statistics(certain)["confidence"] == 1
    ignorant = np.full((5, 10), np.log(0.1))
    assert statistics(ignorant)["entropy"] == pytest.approx(np.log(10))


def test_gaps_punish_both_sides_alike():
    real = {"confidence": 0.99, "entropy": 0.03}
    surer, unsurer = {"confidence": 1.0, "entropy": 0.0}, {"confidence": 0.98, "entropy": 0.06}
    assert gaps(surer, real) == pytest.approx(gaps(unsurer, real))
