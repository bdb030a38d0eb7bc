"""The organiser's rulings: out with a public reason, in again, and nothing lost."""

import pytest
from tests.cli.test_commands import refuse, succeed
from tests.contest.conftest import NOW, SCORER

from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.standing import standing_of
from flowleague.contest.state import EntryIdError
from flowleague.contest.submit import choose, disqualify, reinstate
from flowleague.contest.verify import verify

REASON = "It was <b>trained</b> on test images"


def ranked(contest):
    return {entry.team: entry.id for entry in standing_of(open_contest(contest)).entries}


def test_an_older_entry_counts_instead_even_of_one_that_was_chosen(contest, send):
    one, two = send("a", "# fine\n1"), send("a", "# fine\n2")
    choose(contest, two.id, send.keys["a"], NOW)
    evaluate(contest, scorer=SCORER)
    disqualify(contest, two.id[:6], REASON)
    assert ranked(contest) == {"a": one.id}
    with pytest.raises(ContestError, match="was disqualified: It was <b>trained"):
        choose(contest, two.id, send.keys["a"], NOW)
    reinstate(contest, two.id)
    assert ranked(contest) == {"a": two.id}
    assert verify(contest).faults == []


def test_the_reason_is_told_where_nothing_else_counts_and_the_file_is_not_taken_again(contest, send):
    sent = send("a", "# fine\n1")
    disqualify(contest, sent.id, f"  {REASON}\n\x1b[31m")
    evaluate(contest, scorer=SCORER)
    standing = standing_of(open_contest(contest))
    assert standing.entries == ()
    assert [waiting.reason for waiting in standing.waiting] == [f"disqualified: {REASON} ?[31m"]
    assert send("a", "# fine\n1").known
    assert open_contest(contest).state.measured == [{}]  # nobody measures it


def test_what_makes_no_sense_is_refused(contest, send):
    sent = send("a", "1")
    with pytest.raises(ContestError, match="Give the reason"):
        disqualify(contest, sent.id, " \n")
    with pytest.raises(EntryIdError, match="is no entry's"):
        disqualify(contest, "ffff", REASON)
    with pytest.raises(ContestError, match="was not disqualified"):
        reinstate(contest, sent.id)


def test_the_commands_say_what_they_did(contest, send):
    sent = send("a", "1")
    assert f"contest reinstate {sent.id}" in succeed(
        "contest", "disqualify", sent.id, "--reason", REASON, "-C", contest
    )
    assert "disqualified" in succeed("contest", "entries", "-C", contest)
    assert "takes part again" in succeed("contest", "reinstate", sent.id, "-C", contest)
    assert "was not disqualified" in refuse("contest", "reinstate", sent.id, "-C", contest)
