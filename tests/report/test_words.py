import os

import pytest

from flowleague.report.words import LOOSE, WordsError, blank, offer, others, read, split


def test_a_file_is_offered_once_and_never_written_again(tmp_path):
    path = offer(tmp_path)
    assert path.read_text() == blank()
    assert read(tmp_path) == {}
    path.write_text("## Trade-offs\n\nMine.\n")
    offer(tmp_path)
    assert path.read_text() == "## Trade-offs\n\nMine.\n"


def test_words_are_found_by_their_headings():
    text = "Before.\n\n## Samples ##\r\n\r\nGood\n### not a section\nones.\n"
    text += "<!-- ## hidden\n-->\n## Empty\n## Samples\nMore.\n"
    assert split(text) == {LOOSE: "Before.", "Samples": "Good\n### not a section\nones.\n\nMore."}
    assert others(split(text), ["Samples"]) == {LOOSE: "Before."}


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    (tmp_path / "words.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WordsError, match="not UTF-8"):
        read(tmp_path)
    (tmp_path / "words.md").unlink()
    os.mkfifo(tmp_path / "words.md")
    with pytest.raises(WordsError, match="plain file"):
        read(tmp_path)
