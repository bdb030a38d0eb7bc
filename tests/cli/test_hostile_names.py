"""Whatever a contest's records hold, no command sends a terminal control characters or marks that turn the writing."""

import re
import shutil

import pytest
from tests.board.contests import write_contest
from tests.cli.test_commands import flowleague

from flowleague.contest.records import writing

NAMES = ("\x1b[31mred\x1b[0m", "evil\u202egpj.exe", "a\x07\x9bb", "x\u2066y\u200ez\u061c", "new\nline\u2028")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]")
COMMANDS = [
    ("entries",), ("rank",), ("rank", "--json"), ("explain", NAMES[0]), ("explain", NAMES[1]), ("awards",),
    ("feedback",), ("verify",), ("check",), ("final", NAMES[0]), ("withdraw", NAMES[1], "--reason", NAMES[0]),
    ("submit", f"{NAMES[0]}.py", "--team", "a"), ("rename", NAMES[1], "b", "--reason", "r"), ("take-in", NAMES[1]),
    *(("export", "--format", form) for form in ("csv", "json", "markdown", "canvas")),
]  # fmt: skip


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    return write_contest(tmp_path_factory.mktemp("hostile") / "contest", NAMES, entries=1, baseline="")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: ascii(" ".join(words)))
def test_nothing_that_plays_with_a_terminal_is_printed(words, contest):
    done = flowleague("contest", *words, "-C", contest)
    assert done.out + done.err
    assert not RAW.search(done.out + done.err), ascii(done.out + done.err)
    assert "Traceback" not in done.err


def test_a_contest_whose_name_cannot_be_printed_is_refused(contest, tmp_path):
    text = (contest / "contest.toml").read_text()
    (tmp_path / "contest.toml").write_text(re.sub("^name = .*", r'name = "a\\u202eb"', text, flags=re.MULTILINE))
    done = flowleague("contest", "rank", "-C", tmp_path)
    assert done.status == 2
    assert "cannot be printed" in done.err


@pytest.mark.parametrize("name", ["\x1b[2J", "\u202e", "\u061c", "\x9b", "\r"])
def test_files_that_are_taken_in_are_told_of_without_what_their_names_hold(name, contest, tmp_path):
    sent, entry = tmp_path / "sent", "class SubmissionInterface: pass"
    members = {f"a{name}.py": entry, f"b{name}.py": entry, f"{name}.safetensors": "1", f"x/{name}.safetensors": "2"}
    for team in (f"{name}team", "plain"):
        for path, text in members.items():
            (sent / team / path).parent.mkdir(parents=True, exist_ok=True)
            (sent / team / path).write_text(text)
    for _ in range(2):
        done = flowleague("contest", "take-in", sent, "-C", contest)
        assert "the same as a?" in done.out or "the same as a .py" in done.out
        assert not RAW.search(done.out + done.err), ascii(done.out + done.err)
        assert "Traceback" not in done.err
    assert not RAW.search((tmp_path / "sent.answers.toml").read_text())


def test_a_record_by_hand_is_told_of_without_what_its_paths_hold(contest, tmp_path):
    shutil.copytree(contest, tmp_path / "contest")
    with writing(tmp_path / "contest") as writer:
        writer.append("note", {}, {f"entries/{NAMES[0]}": b"x"})
    (tmp_path / "contest" / "entries" / NAMES[0]).unlink()
    done = flowleague("contest", "verify", "-C", tmp_path / "contest")
    assert "entries/?[31mred?[0m is missing" in done.out
    assert not RAW.search(done.out + done.err), ascii(done.out + done.err)
