import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.strict_json import DEEPEST, depth, read_object

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text("xyz", max_size=3), values, max_size=3))
def test_plain_objects_are_read(value):
    assert read_object(json.dumps(value).encode()) == value
    assert read_object(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"a": 1, "a": 1}', "'a' twice"),
        (b'{"b": {"a": 1, "c": 0, "a": 2}}', "'a' twice"),
        (b'{"a": NaN}', "no JSON number"),
        (b'{"a": -Infinity}', "no JSON number"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": 18446744073709551616}', "too large"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "too large"),
        (b'{"a": "\\ud800"}', "UTF-8"),
        ('{"a": "ë"}'.encode("utf-16"), "UTF-8"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": ' * 30 + b"1" + b"}" * 30, "deep"),
        (b'{"a": ' * 100_000, "deep"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b"[1]", "not a JSON object"),
        (b"", "Expecting value"),
        (b'{"a": 1} {}', "Extra data"),
    ],
)
def test_what_has_no_one_meaning_is_refused(raw, words):
    with pytest.raises(ValueError, match=words):
        read_object(raw)


def test_half_a_character_is_refused_and_a_pair_of_halves_is_not():
    assert read_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_depth_counts_what_lies_around():
    assert [depth(value) for value in (1, [], {}, [[1], {}], {"a": {"b": [1]}})] == [0, 0, 0, 2, 3]
    assert read_object(b'{"a": ' * DEEPEST + b"1" + b"}" * DEEPEST)
