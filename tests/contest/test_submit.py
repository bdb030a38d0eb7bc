"""Taking part: who, when, how often, and which entry counts."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.test_commands import refuse, succeed
from tests.contest.conftest import AFTER, NOW, SCORER, zip_of

from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import get_recipe
from flowleague.contest.chain import read_records
from flowleague.contest.entry_files import EntryFileError
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.records import Writer, writing
from flowleague.contest.standing import standing_of
from flowleague.contest.state import EntryIdError
from flowleague.contest.submit import Parcel, choose, disqualify, reinstate, submit, withdraw
from flowleague.contest.teams import TeamError, claim, new_key
from flowleague.contest.verify import verify
from flowleague.errors import OutputError
from flowleague.ranking.field import Compute


def counting(folder):
    return {entry.team: entry.id for entry in open_contest(folder).state.counting().values()}


def test_the_first_entry_claims_the_name_and_later_ones_need_the_key(contest, entry):
    first = submit(contest, Parcel("Ünïcode", entry("1")), now=NOW)
    assert first.key
    for forged in (None, "", first.key[:-1], "0" * 32):
        with pytest.raises(TeamError):
            submit(contest, Parcel("ÜNÏCODE", entry("2")), key=forged, now=NOW)
    second = submit(contest, Parcel("ünïcode", entry("2")), key=first.key, now=NOW)
    assert (second.team, second.key) == ("Ünïcode", None)
    assert first.key not in (contest / "records.jsonl").read_text()
    assert len(open_contest(contest).state.teams) == 1


def test_the_same_file_is_one_entry_of_a_team_and_another_of_another(contest, send):
    first = send("a", "same")
    again = send("a", "same")
    assert again.known
    assert again.id == first.id
    assert send("b", "same").id != first.id
    assert len(open_contest(contest).state.submissions) == 2


def test_the_newest_counts_unless_one_is_chosen_and_withdrawal_gives_way(contest, send):
    one, two, three = (send("a", text) for text in ("1", "2", "3"))
    key = send.keys["a"]
    assert counting(contest) == {"a": three.id}
    choose(contest, one.id[:6], key, NOW)
    assert counting(contest) == {"a": one.id}
    send("a", "4")
    assert counting(contest) == {"a": one.id}
    withdraw(contest, one.id, key, NOW)
    assert counting(contest)["a"] not in (one.id, two.id, three.id)
    with pytest.raises(ContestError, match="was withdrawn"):
        choose(contest, one.id, key, NOW)
    again = send("a", "1")
    assert again.id == f"{one.id}-2"
    assert counting(contest) == {"a": again.id}
    assert verify(contest).faults == []


def test_only_the_team_chooses_and_withdraws(contest, send):
    sent = send("a", "1")
    send("b", "2")
    for act in (choose, withdraw):
        with pytest.raises(TeamError):
            act(contest, sent.id, send.keys["b"], NOW)
        with pytest.raises(EntryIdError, match="is no entry's"):
            act(contest, "ffffffffffff", send.keys["a"], NOW)


def test_the_deadline_is_a_moment_in_the_contests_zone_and_late_entries_are_kept(contest, send):
    closes = datetime(2026, 10, 12, 22, 30, tzinfo=UTC)
    on_time = send("a", "1", now=closes)
    late = send("a", "2", now=closes + timedelta(microseconds=1))
    only_late = send("b", "3", now=AFTER)
    assert (on_time.late, late.late, only_late.late) == (False, True, True)
    assert counting(contest) == {"a": on_time.id}
    with pytest.raises(ContestError, match="came after the closing"):
        choose(contest, late.id, send.keys["a"], closes)
    with pytest.raises(ContestError, match="closed at 2026-10-12 17:30 America/Chicago"):
        choose(contest, on_time.id, send.keys["a"], AFTER)
    with pytest.raises(ContestError, match="opens at 2026-10-08 00:00"):
        send("c", "4", now=datetime(2026, 10, 8, 4, 59, tzinfo=UTC))
    assert set(open_contest(contest).state.teams) == {"a", "b"}  # refused: the name is still free


def test_the_daily_cap_counts_the_contests_days(contest, send):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("per_day = 10", "per_day = 2"))
    evening = datetime(2026, 10, 10, 4, 30, tzinfo=UTC)  # half past eleven in Chicago, on the ninth
    send("a", "1", now=evening)
    send("a", "2", now=evening)
    with pytest.raises(ContestError, match=r"sent 2 entries on 2026-10-09 \(America/Chicago\)"):
        send("a", "3", now=evening)
    send("a", "3", now=evening + timedelta(minutes=30))  # the tenth
    send("b", "3", now=evening)


def test_a_clock_that_goes_back_changes_neither_order_nor_entries(contest, send):
    send("a", "1", now=NOW)
    second = send("a", "2", now=NOW - timedelta(hours=3))
    assert counting(contest) == {"a": second.id}
    assert any("the clock went back" in note for note in verify(contest).notes)


def test_people_are_counted_and_kept_private(contest, entry):
    with pytest.raises(ContestError, match="4 people; the rules allow 1 to 3"):
        submit(contest, Parcel("a", entry("1")), people=list("wxyz"), now=NOW)
    submit(contest, Parcel("a", entry("1")), people=["Ada Private"], now=NOW)
    holders = [path.name for path in contest.rglob("*") if path.is_file() and b"Ada Private" in path.read_bytes()]
    assert holders == ["private.toml"]
    assert "/private.toml" in (contest / ".gitignore").read_text()


def test_compute_is_read_from_the_card_or_declared(contest, tmp_path, entry):
    card = {
        "data": {"dataset": "mnist", "pretraining": "none"},
        "training": {"seconds": {"vae": 1800, "flow": 1800}, "peak_memory_bytes": 2**31},
        "hardware": {"device": "cuda", "name": "Tesla T4"},
    }
    path = zip_of(tmp_path / "m.zip", card__json=json.dumps(card))
    submit(contest, Parcel("read", path), now=NOW)
    submit(contest, Parcel("mixed", zip_of(tmp_path / "n.zip"), said=Compute(hours=2.0)), now=NOW)
    submit(contest, Parcel("silent", entry("1")), now=NOW)
    found = {s.team: s.compute for s in open_contest(contest).state.submissions.values()}
    assert found["read"] == Compute(1.0, "Tesla T4", 2.0, ("mnist",), from_scratch=True)
    assert (found["mixed"].hours, found["mixed"].declared) == (2.0, True)
    assert found["silent"] == Compute()


def test_hours_are_no_fewer_than_the_log_holds(contest, tmp_path, entry):
    card = json.dumps({"training": {"seconds": {"vae": 1800, "flow": 1800}}})
    log = "".join(
        json.dumps({"stage": stage, "seconds": seconds}) + "\n"
        for stage, seconds in (("vae", 3600), ("vae", 7200), ("flow", 1800), ("flow", "many"), ("flow", -9))
    )
    short = json.dumps({"stage": "vae", "seconds": 60}) + "\n"
    for team, lines in (("longer", log), ("shorter", short)):
        path = zip_of(tmp_path / f"{team}.zip", card__json=card, training__jsonl=lines)
        submit(contest, Parcel(team, path), now=NOW)
    beside = entry(log, "training.jsonl")
    submit(contest, Parcel("code", entry("1"), [beside], said=Compute(hours=1.0)), now=NOW)
    submit(contest, Parcel("silent", entry("2"), [beside]), now=NOW)
    found = {s.team: s.compute.hours for s in open_contest(contest).state.submissions.values()}
    assert found == {"longer": 2.5, "shorter": 1.0, "code": 2.5, "silent": None}


@pytest.mark.parametrize(
    "card", ["", "[]", "nul", '{"training": {"seconds": {"vae": "x"}}, "hardware": 3}', "[" * 10_000]
)
def test_a_strange_card_says_nothing(card, contest, tmp_path):
    submit(contest, Parcel("a", zip_of(tmp_path / "m.zip", card__json=card)), now=NOW)
    (found,) = open_contest(contest).state.submissions.values()
    assert found.compute.hours is None


def test_what_cannot_be_an_entry_is_refused_and_changes_nothing(contest, entry, tmp_path):
    (tmp_path / "link.py").symlink_to(entry("1"))
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "empty.py").touch()
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "folder").mkdir()
    for path, word in [
        (tmp_path / "nothing.py", "There is no file"),
        (tmp_path / "link.py", "not a link"),
        (tmp_path / "pipe.py", "no regular file"),
        (tmp_path / "empty.py", "is empty"),
        (tmp_path / "text.zip", "is this a bundle's"),
        (tmp_path / "folder", "holds no config.json"),
        (entry("1", "model.exe"), "cannot be an entry"),
    ]:
        with pytest.raises(EntryFileError, match=word):
            submit(contest, Parcel("a", path), now=NOW)
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("largest_file_mib = 256", "largest_file_mib = 1"))
    with pytest.raises(EntryFileError, match="larger than the 1 MiB"):
        submit(contest, Parcel("a", entry("x" * (2**20 + 1))), now=NOW)
    assert read_records(contest) == []


def test_weights_come_with_their_entry_and_are_hashed(contest, entry, tmp_path):
    weights = tmp_path / "vae_final.safetensors"
    weights.write_bytes(b"w")
    submit(contest, Parcel("a", entry("1"), [weights]), now=NOW)
    (found,) = open_contest(contest).state.submissions.values()
    assert list(found.weights) == ["vae_final.safetensors"]
    assert (contest / found.folder / "weights/vae_final.safetensors").read_bytes() == b"w"
    for name, content, words in [
        ("vae.pth", "PK", r"no weight file; weights are kept as .safetensors: write `safetensors.torch.save_file"),
        ("vae.safetensors", "<!DOCTYPE html>", "web page instead of weights. Download the file itself"),
        ("vae.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0", "pointer .* `git lfs pull`"),
    ]:
        with pytest.raises(EntryFileError, match=words):
            submit(contest, Parcel("b", entry("1"), [entry(content, name)]), now=NOW)


def test_a_bundle_with_latents_that_the_rules_do_not_allow_is_refused(contest, tmp_path):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("latent_size = [3, 49]", "latent_size = [3, 16]"))
    config = config_json(get_recipe("quick")).decode()
    with pytest.raises(ContestError, match="has 49 latent dimensions; the rules allow 3 to 16"):
        submit(contest, Parcel("a", zip_of(tmp_path / "m.zip", config__json=config)), now=NOW)
    small = config_json(get_recipe("quick", ["vae.latent=16", "vae.grid=false"])).decode()
    submit(contest, Parcel("a", zip_of(tmp_path / "m.zip", config__json=small)), now=NOW)


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


@pytest.mark.parametrize("fails", ["_stage", "_append"])
def test_a_first_entry_that_fails_leaves_nothing_behind(fails, contest, entry, monkeypatch):
    """A full disk: the name is free, its key was never needed, and nobody's name was noted."""
    before = {path: path.read_bytes() for path in contest.iterdir() if path.is_file()}

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Writer, fails, full)
        with pytest.raises(OutputError, match="free some space"):
            submit(contest, Parcel("a", entry("1")), people=["Ada Private"], now=NOW)
    assert open_contest(contest).state.teams == {}
    assert {path: path.read_bytes() for path in before} == before
    sent = submit(contest, Parcel("a", entry("1")), people=["Ada Private"], now=NOW)
    assert sent.key
    assert [record.kind for record in read_records(contest)] == ["rules", "submit"]
    assert "Ada Private" in (contest / "private.toml").read_text()
    assert verify(contest).faults == []


def test_a_contest_whose_names_were_claimed_by_records_of_their_own_goes_on(contest, entry):
    """As older versions wrote them."""
    key = new_key()
    with writing(contest) as writer:
        writer.append("claim", {"team": "A", **claim(key)}, now=NOW)
    with pytest.raises(TeamError, match="The name A is taken"):
        submit(contest, Parcel("a", entry("1")), now=NOW)
    assert submit(contest, Parcel("a", entry("1")), key=key, now=NOW).team == "A"
    assert [record.kind for record in read_records(contest)] == ["claim", "rules", "submit"]
    assert verify(contest).faults == []
