"""The hint about latent numbers: only where the field supports it beyond the noise."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.latents import _deviations, larger_latents
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule

METRIC = "reconstruction.ssim"
RULES = (CategoryRule("reconstruction", (MetricRule("ssim", "higher"),)),)


def hint(values, sizes, of=0, error=0.0):
    entries = [Entry(str(k), f"team {k}", {METRIC: Measured(v, error)}) for k, v in enumerate(values)]
    known = {str(k): size for k, size in enumerate(sizes) if size}
    return larger_latents(rank(entries, RULES), of, METRIC, known)


def test_it_names_those_with_more_and_their_median():
    found = hint([0.5, 0.52, 0.48, 0.7, 0.68, 0.72, 0.66, 0.9], [3, 3, 2, 8, 16, 8, 8, None])
    assert found
    assert (found.size, found.least, found.teams) == (3, 8, 4)
    assert found.median == pytest.approx(0.69)


@pytest.mark.parametrize(
    ("values", "sizes", "error"),
    [
        ([0.5, 0.7, 0.7, 0.7], [3, 8, 8, 8], 0.0),  # alone among others: chance one in four
        ([0.5, 0.7, 0.5, 0.69, 0.5, 0.68], [3, 8, 8, 3, 8, 3], 0.0),  # more is not better here
        ([0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 0.7], [3, 3, 3, 8, 8, 8, 8], 0.2),  # within the entry's own noise
        ([0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 0.7], [8, 8, 8, 8, 8, 8, 8], 0.0),  # nobody has more
        ([0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 0.7], [None, 3, 3, 8, 8, 8, 8], 0.0),  # its own number is unknown
        ([0.9, 0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 0.7], [3, 3, 3, 3, 8, 8, 8, 8], 0.0),  # it is better than they are
    ],
)
def test_it_says_nothing_where_the_field_does_not(values, sizes, error):
    assert hint(values, sizes, error=error) is None


def test_the_statistic_is_that_of_scipy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, two = (rng.integers(0, 6, rng.integers(3, 12)).astype(float) for _ in range(2))
        theirs = mannwhitneyu(one, two, alternative="less", method="asymptotic", use_continuity=False).pvalue
        assert norm.sf(_deviations(one, two)) == pytest.approx(theirs)
