"""Answers of a person: asked once, kept as they are written, and refused in a sentence when they are none."""

import re

import pytest

from flowleague.contest.answers import Answers, Question, ask, read_answers
from flowleague.contest.toml import RulesError

WHOSE = Question("files", 'ada "x"_11_901_2.py', "Which user's is it?", "student")
ENTRY, TEAM = (Question("parcels", "11", f"{word}?", word) for word in ("entry", "team"))


def test_questions_are_added_and_answers_stay(tmp_path):
    path = tmp_path / "a.toml"
    ask(path, "s.zip", [WHOSE, ENTRY])
    assert read_answers(path).file(WHOSE.key).student == ""
    path.write_text(path.read_text().replace('entry = ""', 'entry = "m.py"  # he said so'))
    ask(path, "s.zip", [ENTRY, TEAM, WHOSE])
    text = path.read_text()
    assert text.count("[parcels.") == text.count("[files.") == 1
    assert "# he said so" in text
    assert (read_answers(path).parcel("11").entry, read_answers(path).parcel("12").entry) == ("m.py", "")
    before = path.read_bytes()
    ask(path, "s.zip", [ENTRY, TEAM, WHOSE])
    assert path.read_bytes() == before


def test_a_choice_is_no_answer_until_it_is_written(tmp_path):
    path = tmp_path / "a.toml"
    for _ in range(2):
        ask(path, "s.zip", [Question("parcels", "11", "Late?", "late", "true or false")])
    assert read_answers(path).parcel("11").late is None
    assert path.read_text().count("Late?") == 1
    path.write_text(path.read_text().replace("# late = true or false", "late = true"))
    assert read_answers(path).parcel("11").late is True


def test_a_name_that_turns_the_writing_is_asked_about_in_escapes(tmp_path):
    path, name = tmp_path / "a.toml", 'a\u202e\x1b[2J\x7f\u061c"\U000e0041.py'
    for _ in range(2):
        ask(path, "s\x1b.zip", [Question("files", name, f"Whose is {name}?", "student")])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u202e]", path.read_text())
    assert list(read_answers(path).files) == [name]


def test_a_name_that_is_asked_of_twice_has_both_questions(tmp_path):
    path = tmp_path / "a.toml"
    ask(path, "s.zip", [ENTRY, TEAM, ENTRY, WHOSE])
    text = path.read_text()
    assert (text.count("entry = "), text.count("team = "), text.count("student = ")) == (1, 1, 1)


def test_no_file_answers_nothing(tmp_path):
    assert read_answers(tmp_path / "none.toml") == Answers()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[files", "line 1: this is not TOML"),
        ("[parcels.11]\nlate = 3", "Expected `bool | null`, got `int`"),
        ("[things]\na = 1", "unknown field `things`"),
        ("roster = [11]", "Expected `str`, got `int`"),
    ],
)
def test_what_is_no_answer_is_one_sentence(text, word, tmp_path):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(RulesError, match=r"a\.toml") as caught:
        read_answers(tmp_path / "a.toml")
    assert word in str(caught.value)
