"""The IDX format."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.data.idx import parse_idx, to_idx
from flowleague.errors import DataError


@given(st.integers(0, 20), st.integers(0, 2**31))
def test_images_and_labels_survive_the_format(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for shape in ((n, 28, 28), (n,)):
        array = rng.integers(0, 256, shape, dtype=np.uint8)
        assert np.array_equal(parse_idx(to_idx(array), "x"), array)


@given(st.binary(max_size=64))
def test_any_bytes_give_an_array_or_a_data_error(raw: bytes) -> None:
    with contextlib.suppress(DataError):
        assert parse_idx(raw, "x").dtype == np.uint8


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x0d\x01" + struct.pack(">I", 1) + b"0000", "not an IDX file of bytes"),
        (b"\0\0\x08\x03\0\0", "truncated inside its header"),
        (to_idx(np.zeros((2, 28, 28), np.uint8))[:-1], "announces 1,568 bytes and holds 1,567"),
        (to_idx(np.zeros((2, 28, 28), np.uint8)) + b"!", "truncated or altered"),
        (to_idx(np.zeros((2, 32, 32), np.uint8)), "holds 32x32 images; FlowLeague works on 28x28"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "truncated or altered"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_idx(raw, "file")
