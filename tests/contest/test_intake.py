"""Many files at once: every file accounted for, everything in question asked, and nothing of a person made public."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.contest.canvas_download import CANVAS_WORDS, code, download, write_download
from tests.contest.conftest import AFTER, CLOSES, NOW, zip_of

from flowleague.cli.take_in import lines_of
from flowleague.contest.chain import read_records
from flowleague.contest.folder import ContestError, add_private, open_contest, read_canvas_ids, read_owners
from flowleague.contest.hands import choose_for, rename
from flowleague.contest.intake import answers_of, take_in
from flowleague.contest.rules import read_rules
from flowleague.contest.submit import choose
from flowleague.contest.teams import TeamError
from flowleague.contest.verify import verify

INVENTORY = Path(__file__).with_name("canvas_inventory.txt")


def answered(path: Path, **answers: str) -> None:
    """Write a person's answers to the questions about files and parcels, whose keys begin so."""
    text = path.read_text(encoding="utf-8")
    for key, line in answers.items():
        start = text.index(f'."{key}')
        blank = text.index(line.partition(" =")[0] + " =", start)
        text = text[:blank] + line + text[text.index("\n", blank) :]
    path.write_text(text, encoding="utf-8")


def test_the_inventory_of_a_canvas_download(contest, tmp_path):
    """The golden text was read by a person, submission by submission."""
    source, times = write_download(tmp_path / "submissions.zip", download(tmp_path)), read_rules(contest).time
    first = take_in(contest, source, now=AFTER, dry_run=True)
    questions = answers_of(source)
    text = [*lines_of(first, times, True), "", "=" * 20, "", questions.read_text(encoding="utf-8"), "=" * 20, ""]
    answered(questions, group_3="student = '4013'", datedan="student = '4031'")
    answered(questions, **{"4026": "entry = 'gen.py'", "4027": "team = 'We'", "4028": "team = 'Us'"})
    text += lines_of(take_in(contest, source, now=AFTER, dry_run=True), times, True)
    assert "\n".join(text) + "\n" == INVENTORY.read_text(encoding="utf-8")
    assert read_records(contest) == []
    assert questions.stat().st_mode & 0o077 == 0


def test_a_canvas_download_is_taken_in(contest, tmp_path):
    source = write_download(tmp_path / "submissions.zip", download(tmp_path))
    first = take_in(contest, source, now=AFTER)
    assert first.asks
    answered(answers_of(source), group_3="student = '4013'", datedan="student = '4031'")
    answered(answers_of(source), **{"4026": "entry = 'gen.py'", "4027": "team = 'We'", "4028": "team = 'Us'"})
    second = take_in(contest, source, now=AFTER)
    state = open_contest(contest).state
    by_student = {lot.student: lot.entry for lot in second.lots if lot.entry}
    assert sum(lot.known for lot in second.lots) == sum(lot.entry is not None for lot in first.lots)
    assert len(by_student) == len(state.submissions) == 20
    assert {user for user, entry in by_student.items() if entry.late} == {"4015", "4032", "4034"}
    assert list(by_student["4013"].weights) == ["vae.safetensors"]
    assert list(by_student["4014"].weights) == ["vae-49.safetensors"]
    assert all(entry.submitted <= open_contest(contest).rules.time.closes for entry in state.counting().values())
    assert by_student["4021"].team.startswith("Team ")
    for path in contest.rglob("*"):
        assert not any(word in str(path.relative_to(contest)).lower() for word in CANVAS_WORDS)
        if path.is_file() and path.name not in ("private.toml", "entry.py", "entry.ipynb", "entry.zip"):
            assert [word for word in CANVAS_WORDS if word.encode() in path.read_bytes().lower()] == [], path
    assert read_canvas_ids(contest)["4013"] == "Third"
    assert verify(contest).faults == []


def test_the_inventory_is_the_same_however_the_download_was_packed_again(contest, tmp_path):
    members, times = download(tmp_path), read_rules(contest).time
    plain = take_in(contest, write_download(tmp_path / "a.zip", members), now=AFTER, dry_run=True)
    wrapped = take_in(contest, write_download(tmp_path / "b.zip", members, "submissions/"), now=AFTER, dry_run=True)
    (tmp_path / "c" / "submissions").mkdir(parents=True)
    for name, raw in members.items():
        (tmp_path / "c" / "submissions" / name).write_bytes(raw)
    folders = [take_in(contest, tmp_path / name, now=AFTER, dry_run=True) for name in ("c", "c/submissions")]
    for other in (wrapped, *folders):
        assert sorted(lines_of(other, times, True)) == sorted(lines_of(plain, times, True))


@pytest.mark.parametrize("around", ["", "submissions/", "a/submissions/"])
def test_nothing_of_a_canvas_name_becomes_public(around, contest, tmp_path):
    names = ["van_dam_90123456_7001_m.py", "damgroup_12_90123567_7002_n.py", "x_90123567_7005_n.py", "dampersonal.py"]
    source = write_download(tmp_path / "s.zip", {name: name.encode() for name in names}, around)
    taken = take_in(contest, source, now=NOW)
    assert all(lot.entry for lot in taken.lots)
    assert len(taken.lots) == 3
    assert all(row.asks for row in taken.others)
    assert all(name.startswith("Team ") for name in (team.name for team in open_contest(contest).state.teams.values()))
    public = [path for path in contest.rglob("*") if path.is_file() and path.name not in ("private.toml", "entry.py")]
    assert not any(word in path.read_bytes() for path in public for word in (b"dam", b"90123456", b"90123567"))
    assert not any("dam" in str(path.relative_to(contest)) for path in contest.rglob("*"))


@pytest.mark.parametrize("name", ["anon_x_1_f.py", "LATE_anon_aBcDe_1_f.py"])
def test_an_anonymous_entry_keeps_its_team(name, contest, tmp_path):
    for text in (b"1", b"2"):
        (lot,) = take_in(contest, write_download(tmp_path / "s.zip", {name: text}), now=NOW).lots
        assert lot.entry is not None
        assert lot.entry.team.startswith("Team ")
        assert lot.entry.late == name.startswith("LATE")
    assert len(open_contest(contest).state.teams) == 1
    assert read_canvas_ids(contest) == {}  # the gradebook knows user ids alone
    assert read_owners(contest) == {(True, lot.student): lot.entry.team}


def test_a_team_of_two_hands_in_twice(contest, tmp_path):
    take_in(contest, write_download(tmp_path / "one.zip", {"a_11_1_m.py": code("We")}), now=NOW)
    source = write_download(tmp_path / "two.zip", {"b_12_2_m.py": code("WE") + b"\n"})
    (lot,) = take_in(contest, source, now=NOW).lots
    assert "another team's name" in lot.problem
    answered(answers_of(source), **{"12": "team = 'We'"})
    (lot,) = take_in(contest, source, now=NOW).lots
    assert lot.entry is not None
    assert lot.entry.team == "We"
    assert read_canvas_ids(contest) == {"11": "We", "12": "We"}


def test_two_members_with_different_entries_are_asked_which_counts(contest, tmp_path):
    add_private(contest, "We", canvas=["11", "12"])
    source = write_download(tmp_path / "s.zip", {"a_11_1_m.py": b"1", "b_12_2_m.py": b"2"})
    assert all("which one counts" in lot.problem for lot in take_in(contest, source, now=NOW).lots)
    text = answers_of(source).read_text()
    answers_of(source).write_text(text[: text.rindex("#")] + text[text.rindex("#") + 2 :])
    taken = take_in(contest, source, now=NOW)
    assert [bool(lot.entry) for lot in taken.lots] == [True, False]
    assert not taken.asks
    same = write_download(tmp_path / "t.zip", {"a_11_1_m.py": b"1", "b_12_2_m.py": b"1"})
    assert all(lot.known for lot in take_in(contest, same, now=NOW).lots)


def test_an_older_file_of_a_canvas_team_can_be_chosen(contest, tmp_path):
    for number in (1, 2):
        source = write_download(tmp_path / f"{number}.zip", {f"a_11_{number}_m.py": f"{number}".encode()})
        take_in(contest, source, now=NOW.replace(hour=number))
    state = open_contest(contest).state
    older, newer = state.submissions.values()
    assert list(state.counting().values()) == [newer]
    with pytest.raises(TeamError, match="with --reason"):
        choose(contest, older.id, None, now=AFTER)
    choose_for(contest, older.id, "the student asked", now=AFTER)
    assert list(open_contest(contest).state.counting().values()) == [older]


def test_a_renamed_team_goes_on_getting_its_files(contest, tmp_path):
    source = write_download(tmp_path / "s.zip", {"a_11_1_m.py": b"1"})
    (first,) = take_in(contest, source, now=NOW).lots
    rename(contest, first.team, "Temporary", "a better name", now=NOW)
    rename(contest, "Temporary", "The Latents", "the team's own", now=NOW)
    (again,) = take_in(contest, source, now=NOW).lots
    assert again.entry is not None
    assert (again.known, again.entry.id, again.team) == (True, first.entry.id if first.entry else "", "The Latents")
    (newer,) = take_in(contest, write_download(source, {"a_11_2_m.py": b"2"}), now=NOW).lots
    assert newer.entry is not None
    assert (newer.known, newer.team) == (False, "The Latents")
    assert list(open_contest(contest).state.teams) == ["the latents"]
    assert read_owners(contest) == {(False, "11"): first.team}
    assert verify(contest).faults == []


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
    taken = take_in(contest, source, now=NOW)
    assert {lot.entry.team for lot in taken.lots if lot.entry} == {"alone", "Team B", "zipped", "Unpacked"}
    (broken, link) = (lot for lot in taken.lots if not lot.entry)
    assert (broken.key, [row.why for row in link.rows]) == ("broken", ["it is a link"])
    assert not any(str(tmp_path) in row.why for lot in taken.lots for row in lot.rows)


def test_the_time_of_receipt_counts_and_no_date_of_a_file(contest, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.py").write_text("1")
    os.utime(source / "a.py", (NOW.timestamp(), NOW.timestamp()))
    (lot,) = take_in(contest, source, now=AFTER).lots
    assert lot.entry is not None
    assert (lot.entry.late, lot.entry.submitted) == (True, AFTER)
    (source / "a.py").write_text("2")
    assert verify(contest).notes == []
    (lot,) = take_in(contest, source, at=datetime(2026, 10, 12, 17, 30), now=AFTER).lots
    assert lot.entry is not None
    assert (lot.entry.late, lot.entry.told) == (False, "organiser")
    (note,) = verify(contest).notes
    assert f"Entry {lot.entry.id} of a counts as sent in at 2026-10-12T22:30:00+00:00, in time, by the word" in note


@pytest.mark.parametrize(("late", "now"), [(False, NOW), (False, AFTER), (True, NOW), (True, AFTER)])
def test_canvas_says_what_is_late(late, now, contest, tmp_path):
    (lot,) = take_in(contest, write_download(tmp_path / "s.zip", {f"a{'_LATE' * late}_1_2_m.py": b"1"}), now=now).lots
    assert lot.entry is not None
    assert (lot.entry.late, lot.entry.told) == (late, "canvas")
    assert lot.entry.submitted == (min(now, CLOSES.replace(hour=22, tzinfo=UTC)) if not late else now)


def test_a_late_entry_can_be_let_through(contest, tmp_path):
    source = write_download(tmp_path / "s.zip", {"a_LATE_11_2_m.py": b"1"})
    answers_of(source).write_text('[parcels.11]\nlate = false\nteam = "Ill"\n')
    (lot,) = take_in(contest, source, now=AFTER).lots
    assert lot.entry is not None
    assert (lot.entry.late, lot.entry.team, lot.entry.told) == (False, "Ill", "organiser")


def test_what_is_in_the_private_file_stays_and_gets_more(contest):
    private = contest / "private.toml"
    add_private(contest, "We", ["Ada"], canvas=["1"])
    private.write_text(private.read_text() + "# mine\n[teams.Us]\ncanvas = [\n  '3',\n]\n")
    add_private(contest, "WE", ["Bob"], canvas=["1", "2"], anonymous=["x"])
    assert read_owners(contest) == {(False, "1"): "We", (False, "2"): "We", (False, "3"): "Us", (True, "x"): "We"}
    assert "# mine" in private.read_text()
    assert "Bob" not in private.read_text()  # people are the organiser's to write where there is a table
    before = private.read_bytes()
    with pytest.raises(ContestError, match=r'must say canvas = \["3", "4"\] in the table of the team Us'):
        add_private(contest, "Us", canvas=["4"])
    assert private.read_bytes() == before


@pytest.mark.parametrize("name", ["../out.py", "/tmp/out.py", "a/../../out.py", "..\\out.py", "C:\\out.py"])
def test_a_zip_writes_nowhere_else(name, contest, tmp_path):
    taken = take_in(contest, write_download(tmp_path / "evil.zip", {name: b"x"}), now=NOW)
    assert taken.asks
    assert not any(lot.entry for lot in taken.lots)
    assert not (tmp_path / "out.py").exists()


def test_one_file_that_cannot_be_taken_stops_no_other(contest, tmp_path):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("largest_file_mib = 256", "largest_file_mib = 1"))
    held = {"a_1_11_m.py": b"x" * 2**21, "b_2_12_m.py": b"1", "c_3_13_m.py": b"", "d_4_14_m.py": b"2"}
    taken = take_in(contest, write_download(tmp_path / "s.zip", held), now=NOW)
    assert [bool(lot.entry) for lot in taken.lots] == [False, True, False, True]
    assert "m.py is empty" in taken.lots[2].problem


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
