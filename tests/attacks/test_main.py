"""The exit status and the last line say of every file whether it was tried."""

import pytest

from tests.attacks.__main__ import status, summary
from tests.attacks.outcome import Outcome
from tests.contest.cards import make_card

HELD = Outcome("captured", card=make_card("held"))
GAINS = Outcome("captured", card=make_card("gains"), ahead=("quality",))
ESCAPED = Outcome("not tried", "load failed", escaped="ESCAPED: it read a file")
UNTRIED = Outcome("not tried", "load failed")


@pytest.mark.parametrize(
    ("came", "expected"),
    [([HELD, HELD], 0), ([HELD, UNTRIED], 2), ([], 2), ([UNTRIED, GAINS], 1), ([HELD, ESCAPED], 1)],
)
def test_only_files_that_were_tried_and_gain_nothing_end_with_zero(came: list[Outcome], expected: int) -> None:
    assert status(came) == expected


def test_the_last_line_counts_what_was_not_tried_by_itself() -> None:
    said = summary([HELD, UNTRIED, UNTRIED, GAINS])
    assert said == "4 files: 1 gain something, 1 gain nothing, 2 were not tried."
