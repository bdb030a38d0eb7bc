"""Names and keys: anything that can be shown is a name, alike names are one, and only the key is the key."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowleague.contest.teams import TeamError, check_key, claim, clean_name, folder_name, name_key, new_key

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
        ("a\x00b", "U+0000"),
        ("a\nb", "U+000A"),
        ("a\x1b[31m", "U+001B"),
        ("a\u202eb", "U+202E"),
        ("\ud800", "U+D800"),
        ("x" * 101, "101 characters"),
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
    ],
)
def test_names_that_look_alike_are_one(one, other):
    assert name_key(one) == name_key(other)
    assert folder_name(one).rsplit("-", 1)[1] == folder_name(other).rsplit("-", 1)[1]


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
