"""A contest, as the tests of contests open it."""

from tests.contest.conftest import contest as contest
