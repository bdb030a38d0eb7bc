"""Names and keys: anything that can be shown is a name, alike names are one, and only the key is the key."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowleague.contest.teams import (
    TeamError,
    check_key,
    check_look,
    claim,
    clean_name,
    folder_name,
    name_key,
    new_key,
)
from flowleague.errors import PRINTABLE, printable

SHOWN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1, max_size=30)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "[bold]x[/bold]",
        "=cmd|' /C calc'!A0",
        "x" * 100,
        "مجموعة الأرقام",
        "שלום",
        "../..",
        "😀👩‍🚀",
        "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f",
        "می\u200cخواهم",
        "葛\U000e0100",
        "CON",
    ],
)
def test_markup_long_and_right_to_left_names_are_names(name):
    assert clean_name(name) == unicodedata.normalize("NFC", name)
    folder = folder_name(name)
    assert folder.isascii()
    assert folder.replace("-", "").isalnum()
    assert len(folder) <= 39


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("", "at least one"),
        ("  ", "at least one"),
        ("\u200b", "at least one"),
        ("\u3164\u115f\uffa0", "at least one"),
        ("\u2800", "at least one"),
        ("\u0301\u0301", "at least one"),
        ("\u200d\u200c", "at least one"),
        ("a\u200eb", "U+200E"),
        ("a\u200fb", "U+200F"),
        ("a\u061cb", "U+061C"),
        ("a\ufff9b", "U+FFF9"),
        ("a\x00b", "U+0000"),
        ("a\nb", "U+000A"),
        ("a\x1b[31m", "U+001B"),
        ("a\u202eb", "U+202E"),
        ("\ud800", "U+D800"),
        ("x" * 101, "101 characters"),
        ("a" + "\u0300" * 6, "more than 4 accents"),
        ("a" + "\u0300\u200d" * 6, "more than 4 accents"),
        ("\U0001d159", "at least one"),
    ],
)
def test_what_cannot_be_shown_is_refused(name, word):
    with pytest.raises(TeamError) as caught:
        clean_name(name)
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("e\u0301", "é"),
        ("Team  A", "team a"),
        ("ﬁsh", "FISH"),
        ("te\u200bam", "TEAM"),
        ("Ⅳ", "iv"),
        ("te\u3164am", "team"),
        ("❤\ufe0f", "❤"),
        ("e\u034f\u0301", "é"),
        ("e\u200d\u0301", "é"),
    ],
)
def test_names_that_look_alike_are_one(one, other):
    assert name_key(one) == name_key(other)
    assert folder_name(one).rsplit("-", 1)[1] == folder_name(other).rsplit("-", 1)[1]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a\U00016fe4b\U0001d159", "ab"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\ufeffwe", "we"),
        ("a\u3164b", "ab"),
        ("a\u00a0 \u3000b", "a b"),
    ],
)
def test_what_is_not_seen_is_left_out(name, clean):
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("new", "other"),
    [
        ("Тhe Lаtents", "The Latents"),  # Cyrillic
        ("ТНЕ", "the"),
        ("Τhe Latents", "The Latents"),  # Greek
        ("Bom", "Born"),
        ("Team l", "Team 1"),
        ("𝓕low", "Flow"),
        ("the\u2800 latents", "The Latents"),
        ("The\u20e3 Latents\u1dc4\ufe20", "The Latents"),
    ],
)
def test_a_name_that_looks_like_anothers_is_not_claimed(new, other):
    for one, two in ((new, other), (other, new)):
        with pytest.raises(TeamError, match="looks like"):
            check_look(one, ["Somebody else", two])


@pytest.mark.parametrize(("new", "other"), [("Team 12", "Team 13"), ("Café", "Cafe"), ("Ада", "Ада 2"), ("五", "伍")])
def test_other_names_are_free(new, other):
    check_look(new, [other])


@given(st.text(max_size=120))
def test_what_is_a_name_can_be_measured_printed_and_exported(name):
    try:
        cleaned = clean_name(name)
    except TeamError:
        return
    assert printable(cleaned) == cleaned
    assert re.search(PRINTABLE, cleaned)
    assert len(folder_name(cleaned)) <= 39


@given(SHOWN)
def test_cleaning_twice_is_cleaning_once_and_never_changes_the_key(name):
    try:
        cleaned = clean_name(name)
    except TeamError:
        return
    assert clean_name(cleaned) == cleaned
    assert name_key(cleaned) == name_key(name) == name_key(name_key(name))


def test_folder_names_differ_when_names_do():
    names = ["a", "b", "a b", "a-b", "a_b", "مجموعة", "שלום", "!", "?"]
    assert len({folder_name(name) for name in names}) == len(names)


@settings(max_examples=settings().max_examples // 10)
@given(st.text(max_size=40))
def test_only_the_key_is_the_key(forged):
    key = new_key()
    proof = claim(key)
    assert key not in str(proof)
    check_key("a", key, proof["salt"], proof["key"])
    check_key("a", f" {key.upper()} ", proof["salt"], proof["key"])
    with pytest.raises(TeamError, match="not the key"):
        check_key("a", forged, proof["salt"], proof["key"])
    with pytest.raises(TeamError, match="is taken"):
        check_key("a", None, proof["salt"], proof["key"])


def test_equal_keys_are_kept_differently():
    assert claim("abc") != claim("abc")
