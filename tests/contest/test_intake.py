"""Many files at once: what Canvas and folders look like, and what nobody may learn or take over."""

import json
import os
import zipfile
from datetime import UTC, datetime

import pytest
from tests.contest.conftest import NOW, zip_of

from flowleague.contest.chain import read_records
from flowleague.contest.folder import ContestError, open_contest, read_canvas_ids
from flowleague.contest.intake import named_team, take_in
from flowleague.contest.verify import verify

CODE = "info = {'team': %r, 'names': 'Secret Person'}"


def canvas_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 10, 9, 12, 0, 0)), text)
    return path


def test_a_canvas_download(contest, tmp_path):
    members = {
        "personada_11_901_model.py": CODE % "The Latents",
        "personada_11_902_vae-1.safetensors": "w",
        "personbob_LATE_12_903_model-2.py": CODE % "Latecomers",
        "personcyd_13_904_model.py": "no team here",
        "personeve_14_905_model.py": CODE % "the LATENTS",
        "personfay_15_906_notes.txt": "no entry",
    }
    taken = take_in(contest, canvas_zip(tmp_path / "submissions.zip", members), now=NOW)
    state = open_contest(contest).state
    assert [one.problem for one in taken if one.problem and "another team's name" not in one.problem] == []
    assert len(taken) == 4
    assert {s.team: s.late for s in state.submissions.values()} == {
        "The Latents": False,
        "Latecomers": True,
        state.submissions[[*state.submissions][-1]].team: False,
    }
    assert state.team("latents") is None
    ada = next(s for s in state.submissions.values() if s.team == "The Latents")
    assert list(ada.weights) == ["vae.safetensors"]  # as the code names it
    assert ada.submitted == datetime(2026, 10, 9, 17, tzinfo=UTC)  # the zip's times are the contest's
    owners = read_canvas_ids(contest)
    assert owners["11"] == "The Latents"
    assert "14" not in owners
    for path in contest.rglob("*"):
        if path.is_file() and path.name not in ("private.toml", "entry.py"):
            assert b"person" not in path.read_bytes()
    assert verify(contest).faults == []
    again = take_in(contest, tmp_path / "submissions.zip", now=NOW)
    assert sum(one.known for one in again) == 3
    assert len(open_contest(contest).state.submissions) == 3


@pytest.mark.parametrize("wrapped", ["", "submissions/"])
def test_nothing_of_a_canvas_name_becomes_public(wrapped, contest, tmp_path):
    names = ["van_dam_901234_7001_m.py", "damgroup_12_901235_7002_n.py", "x_901235_7005_n.py", "dampersonal.py"]
    taken = take_in(contest, canvas_zip(tmp_path / "s.zip", {wrapped + name: name for name in names}), now=NOW)
    assert sorted(bool(one.entry) for one in taken) == [False, True, True, True]
    state = open_contest(contest).state
    assert all(name.startswith("Team ") for name in (team.name for team in state.teams.values()))
    public = [path for path in contest.rglob("*") if path.is_file() and path.name not in ("private.toml", "entry.py")]
    assert not any(word in path.read_bytes() for path in public for word in (b"dam", b"9012"))
    assert not any("dam" in str(path.relative_to(contest)) for path in contest.rglob("*"))


@pytest.mark.parametrize("name", ["anon_x_1_f.py", "LATE_anon_aBcDe_1_f.py"])
def test_an_anonymous_entry_gets_a_made_up_name(name, contest, tmp_path):
    (taken,) = take_in(contest, canvas_zip(tmp_path / "s.zip", {name: "1"}), now=NOW)
    assert taken.entry is not None
    assert taken.entry.team.startswith("Team ")
    assert taken.entry.late == name.startswith("LATE")


def test_a_second_member_of_a_team_is_told_in_the_private_file(contest, tmp_path):
    take_in(contest, canvas_zip(tmp_path / "one.zip", {"a_1_1_m.py": CODE % "We"}), now=NOW)
    second = canvas_zip(tmp_path / "two.zip", {"b_2_2_m.py": CODE % "We" + "\n"})
    assert "add the Canvas user id" in take_in(contest, second, now=NOW)[0].problem
    private = contest / "private.toml"
    private.write_text(private.read_text().replace('canvas = ["1"]', 'canvas = ["1", "2"]'))
    (taken,) = take_in(contest, second, now=NOW)
    assert taken.entry is not None
    assert taken.entry.team == "We"


def test_a_folder_of_bundles_files_and_sub_folders(contest, tmp_path):
    source = tmp_path / "in"
    (source / "Team B").mkdir(parents=True)
    (source / "alone.py").write_text("1")
    (source / "Team B" / "model.ipynb").write_text("{}")
    (source / "Team B" / "w.safetensors").write_text("w")
    zip_of(source / "zipped.zip")
    with zipfile.ZipFile(source / "zipped.zip") as archive:
        archive.extractall(source / "Unpacked")
    (source / "broken.zip").write_text("x")
    (source / "link.py").symlink_to("/etc/passwd")
    for path in source.rglob("*"):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()), follow_symlinks=False)
    taken = take_in(contest, source, now=NOW)
    assert {one.entry.team for one in taken if one.entry} == {"alone", "Team B", "zipped", "Unpacked"}
    (problem,) = [one for one in taken if one.problem]
    assert problem.label == "broken.zip"
    assert str(tmp_path) not in problem.problem


def test_the_organiser_can_say_when_files_were_sent_in(contest, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.py").write_text("1")  # written today, which is not in the contest's time
    (taken,) = take_in(contest, source, at=datetime(2026, 10, 12, 17, 31))
    assert taken.entry is not None
    assert taken.entry.late


def test_the_newest_file_counts_whatever_the_order(contest, tmp_path):
    source = tmp_path / "in" / "We"
    source.mkdir(parents=True)
    for name, hour in (("a.py", 9), ("b.py", 7)):
        (source / name).write_text(name)
        moment = NOW.replace(hour=hour).timestamp()
        os.utime(source / name, (moment, moment))
    take_in(contest, source.parent, now=NOW)
    (entry,) = open_contest(contest).state.counting().values()
    assert (contest / entry.folder / entry.file).read_text() == "a.py"


@pytest.mark.parametrize("name", ["../out.py", "/tmp/out.py", "a/../../out.py"])
def test_a_zip_writes_nowhere_else(name, contest, tmp_path):
    with pytest.raises(ContestError, match="holds no entry"):
        take_in(contest, canvas_zip(tmp_path / "evil.zip", {name: "x"}), now=NOW)
    assert not (tmp_path / "out.py").exists()


def test_nothing_and_no_zip(contest, tmp_path):
    (tmp_path / "no.zip").write_text("x")
    (tmp_path / "empty").mkdir()
    for path, word in (
        ("no.zip", "no zip that can be read"),
        ("empty", "holds no entry"),
        ("gone", "is the path right"),
    ):
        with pytest.raises(ContestError, match=word):
            take_in(contest, tmp_path / path)
    assert read_records(contest) == []


def test_the_team_in_a_notebook_is_read_and_never_run(tmp_path):
    path = tmp_path / "m.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["'team': 'no'"]},
        {"cell_type": "code", "source": [CODE % "We\u00e9"]},
    ]
    path.write_text(json.dumps({"cells": cells}))
    assert named_team(path) == "Weé"
    path.write_text(json.dumps({"cells": 3}))
    assert named_team(path) == ""
    (tmp_path / "m.py").write_bytes(b"\xff'team': 'x'")
    assert named_team(tmp_path / "m.py") == ""
