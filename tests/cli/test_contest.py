"""`flowleague contest` as people type it: a class from its first day to its exports."""

import subprocess
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.cli.test_commands import refuse, succeed
from tests.contest.conftest import SCORER, zip_of

from flowleague.contest import evaluate as evaluation
from flowleague.contest.chain import read_records
from flowleague.entrant import code

WITHOUT_TORCH = """
import sys
from flowleague.cli import main
for command in ("rank", "awards", "export", "entries", "verify", "evaluate"):
    sys.argv = ["flowleague", "contest", command, "--contest", sys.argv[-1]]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, command
assert "torch" not in sys.modules
"""


@pytest.fixture
def contest(tmp_path, monkeypatch):
    """A contest opened yesterday, whose scorer takes no time."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(evaluation, "evaluate", partial(evaluation.evaluate, scorer=SCORER))
    monkeypatch.setattr(code, "try_code", lambda *words: None)
    folder = tmp_path / "class"
    yesterday = datetime.now() - timedelta(days=2)
    words = ("--zone", "America/Chicago", "--opens", yesterday.isoformat(timespec="seconds"))
    assert "is ready: open from" in succeed("contest", "new", folder, *words)
    return folder


def key_in(out: str) -> str:
    return next(line for line in out.splitlines() if line.startswith("The key of ")).split()[-1]


def test_a_class_from_its_first_day_to_its_exports(contest, tmp_path):
    here = ("--contest", contest)
    (tmp_path / "model.py").write_text("# fine")
    bundle = zip_of(tmp_path / "model.zip")
    key = key_in(succeed("contest", "submit", tmp_path / "model.py", "--team", "[red]One", "--person", "Ada P", *here))
    second = succeed("contest", "submit", bundle, "--team", "[RED]one", "--key", key, *here)
    assert "of [red]One is in" in second
    other = zip_of(tmp_path / "other.zip", card__json='{"of": "two"}')
    succeed("contest", "submit", other, "--team", "Two", "--hours", 2, "--from-scratch", *here)
    first_id = next((contest / "entries").glob("red-one-*/*/entry.py")).parent.name.split("-")[1]
    assert "now counts" in succeed("contest", "final", first_id, "--key", key, *here)
    assert "is withdrawn" in succeed("contest", "withdraw", first_id, "--key", key, *here)
    assert "2 measured" in succeed("contest", "evaluate", *here)
    assert "Every entry is measured" in succeed("contest", "evaluate", *here)
    listed = succeed("contest", "entries", *here)
    assert "withdrawn" in listed
    ranked = succeed("contest", "rank", *here)
    assert "[red]One" in ranked
    assert "Two" in ranked
    assert "of 2" in succeed("contest", "explain", "two", *here)
    assert "open innovation: " in succeed("contest", "awards", *here)
    assert "0 of 2 ranked teams moved" in succeed("contest", "rescore", "--reason", "to be sure", *here)
    assert "published 1.571" in succeed("contest", "import-history", *here)
    for form, word in (
        ("csv", "place,team"),
        ("json", '"standings"'),
        ("markdown", "| place |"),
        ("canvas", "Student,ID"),
    ):
        assert word in succeed("contest", "export", "--format", form, *here)
    assert "All as recorded." in succeed("contest", "verify", *here)


def test_rank_advises_a_rescoring_where_cards_lack_a_ranked_metric(contest, tmp_path, monkeypatch):
    here = ("--contest", contest)
    (tmp_path / "model.py").write_text("# fine")
    succeed("contest", "submit", tmp_path / "model.py", "--team", "One", *here)
    monkeypatch.setenv("SCORER_LACKS", "reconstruction.mse")
    succeed("contest", "evaluate", *here)
    monkeypatch.delenv("SCORER_LACKS")
    advice = (
        "1 of 1 entries were measured without reconstruction.mse, which this contest ranks; "
        "measure all again with: flowleague contest rescore --reason 'new metrics'"
    )
    assert advice in succeed("contest", "rank", *here).splitlines()
    succeed("contest", "rescore", "--reason", "new metrics", *here)
    assert "rescore" not in succeed("contest", "rank", *here)


def test_many_files_and_what_was_not_taken(contest, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.py").write_text("# fine")
    said = succeed("contest", "take-in", source, "--contest", contest, "--dry-run")
    assert "1 of 1 students and folders would be taken in, 0 need a person." in said
    assert "1 of 1 students and folders are taken in" in succeed("contest", "take-in", source, "--contest", contest)
    (source / "b.zip").write_text("x")
    import tests.cli.test_commands as commands

    done = commands.flowleague("contest", "take-in", source, "--contest", contest)
    assert done.status == 2
    assert "! b.zip  left: it cannot be unpacked" in done.out
    assert "1 of 2 students and folders are taken in, 1 needs a person." in done.out


def test_a_name_that_was_taken_in_is_measured_printed_exported_and_seen(contest, tmp_path):
    names = [
        "👩\u200d👩\u200d👧 ❤\ufe0f",
        "می\u200cخواهم",
        "שלום",
        "x" * 100,
        "葛\U000e0100",
        "=1+1|`<b>",
        "soft\u00adhyphen",
    ]
    for number, name in enumerate(names):
        (tmp_path / "in" / f"t{number}").mkdir(parents=True)
        (tmp_path / "in" / f"t{number}" / "m.py").write_text(f"# fine {number}")
        (tmp_path / "in" / f"t{number}" / "entry.toml").write_text(f'team = "{name}"', encoding="utf-8")
    here = ("--contest", contest)
    assert "7 of 7 students and folders are taken in" in succeed("contest", "take-in", tmp_path / "in", *here)
    assert "7 measured" in succeed("contest", "evaluate", *here)
    shown = ["\u200d", "می\u200cخواهم", "שלום", "x" * 100, "葛", "softhyphen"]
    for form in ("csv", "json", "markdown", "canvas"):
        said = succeed("contest", "export", "--format", form, *here)
        assert form == "canvas" or all(name in said for name in shown)
    for words in (("rank",), ("entries",), ("explain", names[1]), ("awards",), ("verify",)):
        succeed("contest", *words, *here)
    succeed("board", contest, "--out", tmp_path / "board")
    pages = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "board").rglob("*.html"))
    assert all(name in pages for name in shown)


def test_questions_are_asked_in_a_file_and_answered_there(contest, tmp_path):
    source, answers = tmp_path / "in", tmp_path / "answers.toml"
    (source / "We").mkdir(parents=True)
    for name in ("a.py", "b.py"):
        (source / "We" / name).write_text(f"# {name}")
    import tests.cli.test_commands as commands

    words = ("contest", "take-in", source, "--contest", contest, "--answers", answers)
    assert commands.flowleague(*words).status == 2
    assert 'entry = ""' in answers.read_text()
    answers.write_text(answers.read_text().replace('entry = ""', 'entry = "b.py"'))
    assert "b.py  entry" in succeed(*words)
    answers.write_text("[parcels.We]\nentri = 1\n")
    assert "answers.toml: Object contains unknown field `entri`" in refuse(*words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("rank", "--contest", "/nowhere"), "There is no contest in /nowhere"),
        (("submit", "/nowhere.py", "--team", "a"), "There is no file /nowhere.py"),
        (("submit", "/nowhere.py", "--team", "\x1b[2J"), "U+001B"),
        (("submit", "/nowhere.py", "--team", "x" * 101), "101 characters"),
        (("final", "abc"), "is no entry's"),
        (("explain", "nobody"), "no ranked team"),
        (("take-in", "/nowhere"), "There is nothing at /nowhere"),
        (("take-in", "/nowhere.json"), "cannot be read"),
        (("new", "."), "There is a contest in . already"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, contest):
    assert sentence in refuse("contest", *words, cwd=contest)


def test_damaged_rules_and_records_are_one_sentence(contest, tmp_path):
    (tmp_path / "model.py").write_text("# fine")
    succeed("contest", "submit", tmp_path / "model.py", "--team", "a", "--contest", contest)
    log = contest / "records.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"a"', b'"b"', 1))
    assert "line 3, was altered" in refuse("contest", "rank", "--contest", contest)
    import tests.cli.test_commands as commands

    done = commands.flowleague("contest", "verify", "--contest", contest)
    assert done.status == 2
    assert "Fault: Line 3 of the records was altered" in done.out
    (contest / "contest.toml").write_text("name = ")
    assert "contest.toml, line 1: this is not TOML" in refuse("contest", "rank", "--contest", contest)


def test_a_place_that_cannot_be_written_is_one_sentence():
    assert "could not be written" in refuse("contest", "new", "/proc/nothing")


def test_the_room_works_without_torch(contest):
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, str(contest)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_is_no_contest_does_not_verify(tmp_path):
    assert "There is no contest in" in refuse("contest", "verify", "--contest", tmp_path)


def test_a_shipped_model_is_sent_in_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    succeed("contest", "new", "class")
    assert "is in" in succeed("contest", "submit", "tiny", "--team", "Tiny", "--contest", "class")


def test_code_that_cannot_be_built_is_refused_where_there_is_a_sandbox(contest, tmp_path, monkeypatch):
    monkeypatch.undo()
    (tmp_path / "team.py").write_text("class SubmissionInterface:\n    def __init__(self):\n        open('x.pt')\n")
    words = ("contest", "submit", tmp_path / "team.py", "--team", "A", "-C", contest)
    assert refuse(*words).count("x.pt") == 1
    assert [record.kind for record in read_records(contest)] == ["secret", "rules"]  # of its making
    monkeypatch.setenv("PATH", str(tmp_path))  # without bubblewrap
    monkeypatch.setattr("flowleague.entrant.sandbox.wall.problems", lambda: iter(["There is none."]))
    assert "was not tried, as there is no sandbox here" in succeed(*words)
    assert [record.kind for record in read_records(contest)] == ["secret", "rules", "submit"]
