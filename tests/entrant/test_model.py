from hypothesis import given
from hypothesis import strategies as st

from flowleague.entrant.model import SLACK, WeightFile, account


def names(stored, *censuses):
    files = [WeightFile("w", "0" * 64, 4 * stored, stored)]
    return {finding.name for finding in account(files, [{"parameters": p, "held": h} for p, h in censuses])[2]}


def test_honest_numbers_add_up():
    assert names(100_000, (98_000, 101_000), (98_000, 100_000)) == set()  # buffers, and a time grid
    assert names(10, (10, 10)) == set()


def test_numbers_that_the_contest_does_not_count_are_found():
    assert names(200_000, (100_000, 100_000)) == {"numbers_beside_parameters"}
    assert names(100_000, (100_000, 200_000)) == {"numbers_beside_parameters"}
    assert names(5000, (5000, 5000), (4000, 5000)) == {"parameters_differ"}


counts = st.sampled_from([None, "many", -1, 2**70, 2.5, True]) | st.integers(0, 2**60)


@given(st.lists(st.fixed_dictionaries({"parameters": counts, "held": counts}), max_size=3))
def test_whatever_an_entrant_says_is_taken_calmly(censuses):
    parameters, held, _ = account([], censuses)
    for count in (parameters, held):
        assert count is None or 0 <= count < 2**53


@given(st.integers(0, 2**40))
def test_the_slack_is_never_a_finding(n):
    assert names(n, (n, n + SLACK)) == set()
