"""How long one more image takes, of generators that are slow by image, slow by call, or late."""

import time

import pytest
from children import pace


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_each_image_costs_counts_and_what_a_call_costs_does_not():
    assert pace(lambda name, n: burn(0.1 + 0.02 * n), 1) == pytest.approx(0.02, rel=0.5)
    assert pace(lambda name, n: burn(0.02 * n), 2) == pytest.approx(0.01, rel=0.5)
    assert pace(lambda name, n: burn(0.1), 1) < 0.01


def test_of_a_call_that_is_cut_off_what_it_spent_counts():
    def late(name, n):
        burn(0.02 * n)
        if n > 1:
            raise TimeoutError

    assert pace(late, 1) == pytest.approx(0.02, rel=0.5)


@pytest.mark.parametrize("error", [TimeoutError, ValueError])
def test_a_call_that_fails_at_once_tells_nothing(error):
    def fails(name, n):
        raise error

    assert pace(fails, 1) == 0
