"""What is wrong for all entries, found once: dates, names of nobody, a lost secret, disk and memory."""

import shutil
from collections import namedtuple

from tests.contest.conftest import AFTER, NOW

from flowleague.contest import ready
from flowleague.contest.folder import open_contest
from flowleague.contest.ready import look
from flowleague.contest.seeds import commit


def found(contest, now=NOW):
    return {one.name: one for one in look(open_contest(contest), now)}


def test_all_is_fine_of_a_contest_that_is_open(contest, send):
    send("One", "# fine")
    looks = found(contest)
    assert {one.means for name, one in looks.items() if name not in ("memory", "disk")} == {"fine"}
    assert looks["dates"].seen == "open from 2026-10-08 00:00 to 2026-10-12 17:30 (America/Chicago): open now"


def test_a_contest_that_is_over_and_empty_has_the_wrong_year_perhaps(contest, send):
    assert found(contest, AFTER)["dates"].means == "note"
    send("One", "# fine")
    assert found(contest, AFTER)["dates"].means == "fine"


def test_names_that_are_no_teams(contest, send):
    send("One", "# fine")
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("baselines = []", 'baselines = ["one", "Twoo"]'))
    (contest / "analysis.toml").write_text('[marks."Thre"]\nmark = 1\nreviewer = "A"\n')
    looks = found(contest)
    assert looks["baselines"].seen == "no team so far is called Twoo: is it spelled right?"
    assert looks["marks"].means == "note"


def test_a_lost_secret_and_a_full_disk_stop(contest, monkeypatch):
    commit(contest)
    assert found(contest)["seeds"].seen == "here"
    (contest / "private.toml").unlink()
    assert found(contest)["seeds"].means == "stops"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(2**30))
    assert found(contest)["disk"].means == "stops"


def test_little_memory_is_a_note(contest, monkeypatch):
    monkeypatch.setattr(ready, "free_memory_gib", lambda: 0.5)
    assert found(contest)["memory"].seen.endswith("end other programs, or entries may fail")


def test_a_private_file_that_others_can_read_is_a_note(contest):
    assert (contest / "private.toml").stat().st_mode & 0o777 == 0o600
    assert "private.toml" not in found(contest)
    (contest / "private.toml").chmod(0o644)
    assert found(contest)["private.toml"].seen.endswith("chmod 600 private.toml")
