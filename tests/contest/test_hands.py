"""The organiser's hands: each needs a reason and no key, and is a record that `verify` reads."""

import pytest
from tests.contest.conftest import NOW

from flowleague.contest.chain import read_records
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.hands import choose_for, rename, renew_key, withdraw_for
from flowleague.contest.submit import choose
from flowleague.contest.teams import TeamError
from flowleague.contest.verify import verify


def counting(contest):
    return {entry.team: entry.id for entry in open_contest(contest).state.counting().values()}


def test_a_renamed_team_keeps_all_that_it_has(contest, send):
    first, second = send("Old", "# fine\n1"), send("Old", "# fine\n2")
    other = send("Other", "# fine\n3")
    choose(contest, first.id, send.keys["Old"], now=NOW)
    rename(contest, "old", "New \u00c5", "they asked")
    assert counting(contest) == {"New \u00c5": first.id, "Other": other.id}
    state = open_contest(contest).state
    assert list(state.teams) == ["new \u00e5", "other"]
    assert state.team("Old") is None
    choose(contest, second.id, send.keys["Old"], now=NOW)  # its key is still its key
    assert counting(contest)["New \u00c5"] == second.id
    assert verify(contest).faults == []
    assert read_records(contest)[-2].body["reason"] == "they asked"


def test_nobody_else_gets_a_former_name_and_its_team_gets_it_back(contest, send):
    send("Old", "# fine")
    rename(contest, "Old", "New", "they asked")
    with pytest.raises(TeamError, match="looks like that of the team Old"):
        send("OLD", "# fine\n2")
    send("Rival", "# fine\n3")
    for name, said in (("rival", "There is a team rival already"), ("Riva\u0406", "looks like")):
        with pytest.raises(TeamError, match=said):
            rename(contest, "New", name, "why not")
    rename(contest, "New", "NEW", "in capitals")
    assert set(counting(contest)) == {"NEW", "Rival"}


def test_a_new_key_ends_the_old_one(contest, send):
    sent = send("One", "# fine")
    key = renew_key(contest, "one", "lost")
    with pytest.raises(TeamError):
        choose(contest, sent.id, send.keys["One"], now=NOW)
    choose(contest, sent.id, key, now=NOW)
    assert key not in (contest / "records.jsonl").read_text()


def test_choosing_and_withdrawing_on_a_team_s_behalf(contest, send):
    first, second = send("One", "# fine\n1"), send("One", "# fine\n2")
    choose_for(contest, first.id, "they sent a letter")
    assert counting(contest) == {"One": first.id}
    withdraw_for(contest, first.id, "they asked")
    assert counting(contest) == {"One": second.id}
    with pytest.raises(ContestError, match="withdrawn or disqualified already"):
        choose_for(contest, first.id, "again")
    with pytest.raises(ContestError, match="Give a reason"):
        withdraw_for(contest, second.id, " ")
    with pytest.raises(TeamError, match="There is no team 'Nobody'"):
        renew_key(contest, "Nobody", "lost")
