import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import thorough

from flowleague.ranking.words import full_title, listed, numbers, ordinal, probability, quantity, title


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (112, "112th"),
        (1001, "1,001st"),
    ],
)
def test_ordinals(n, text):
    assert ordinal(n) == text


@thorough
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_unequal_values_never_look_equal(a, b):
    x, y = numbers(a, b)
    assert (x == y) == (a == b)


def test_numbers_are_short_where_they_may_be():
    assert numbers(0.123456, 0.2) == ["0.1235", "0.2"]
    assert numbers(0.1234561, 0.1234562) == ["0.1234561", "0.1234562"]
    assert numbers(169905.0) == ["169,905"]
    assert numbers(0.0, -0.0) == ["0", "0"]


def test_titles_and_units_come_from_the_catalogue():
    assert full_title("reconstruction.mse") == "mean squared error (VAE reconstruction quality)"
    assert quantity("reconstruction.mse", "0.1") == "0.1 intensity²"
    assert quantity("diversity.recall", "0.9") == "0.9"
    assert title("a.b") == full_title("a.b") == "a.b"


def test_lists_and_probabilities():
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]
    assert listed("abcde", 3) == "a, b and 3 others"
    assert [probability(p) for p in (0.0, 0.25, 1.0)] == ["below 0.001", "0.25", "above 0.999"]
