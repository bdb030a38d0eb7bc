"""Near sketches are found without comparing each with each."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flowleague.contest.sketches import first_near, is_near

BITS = st.integers(0, 2**64 - 1)
CHANGES = st.lists(st.integers(0, 63), max_size=9).map(lambda places: sum(1 << place for place in set(places)))


@given(st.lists(BITS, min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 3), CHANGES), max_size=30))
def test_the_first_near_one_is_that_of_comparing_all(centres, changes):
    sketches = centres + [centres[k % len(centres)] ^ change for k, change in changes]
    found = first_near(np.array(sketches, np.uint64)).tolist()
    assert found == [next(k for k, other in enumerate(sketches) if is_near(mine, other)) for mine in sketches]


def seconds(n: int) -> float:
    """The processor's, for so many independent sketches."""
    sketches = np.random.default_rng(0).integers(0, 2**64, n, np.uint64)
    start = time.process_time()
    assert (first_near(sketches) == np.arange(n)).all()
    return time.process_time() - start


def test_eight_times_as_many_sketches_take_no_sixty_four_times_as_long():
    assert seconds(80_000) < 24 * min(seconds(10_000) for _ in range(3))
