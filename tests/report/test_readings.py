import numpy as np
import pytest

from flowleague.report.readings import GROUPS, Read, jackknife_error


def reading(frechet, without):
    return Read(frechet, np.asarray(without), 0.9, 0.01, np.ones(10))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    groups = np.random.default_rng(0).normal(size=GROUPS)
    without = (groups.sum() - groups) / (GROUPS - 1)
    assert jackknife_error(without) == pytest.approx(groups.std(ddof=1) / np.sqrt(GROUPS))


def test_what_two_sets_of_the_same_noises_share_cancels():
    common = np.random.default_rng(1).normal(size=GROUPS)
    a, b = reading(5.1, 5.1 + common), reading(5.0, 5.0 + common)
    assert a.frechet_error > 0.5
    assert a.exceeds(b)
    assert not b.exceeds(a)
    assert not reading(5.1, 5.1 + common).exceeds(reading(5.0, 5.0 - common))
