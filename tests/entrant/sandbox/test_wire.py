import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.entrant.sandbox.inside import wire

nonces = st.binary(min_size=16, max_size=16)


@given(st.lists(st.integers(0, 5), max_size=4), nonces)
def test_an_array_survives(shape, nonce):
    array = np.arange(np.prod(shape), dtype="<f4")
    frame = wire.pack(wire.ARRAY, nonce, array.tobytes(), tuple(shape))
    header = wire.unpack_header(frame[: wire.HEADER.size])
    assert header == (wire.ARRAY, tuple(shape), nonce, len(frame) - wire.HEADER.size)


@given(st.binary(min_size=wire.HEADER.size, max_size=wire.HEADER.size))
def test_whatever_comes_is_a_header_or_a_named_error(raw):
    try:
        header = wire.unpack_header(raw)
    except ValueError:
        return
    assert raw[:4] == wire.MAGIC
    assert len(header.shape) <= 4


@given(
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4),
    nonces,
    st.integers(0, 2**64 - 1),
)
def test_a_header_with_the_right_signs_fits_or_is_refused(kind, dimensions, shape, nonce, length):
    raw = wire.HEADER.pack(wire.MAGIC, kind, dimensions, *shape, nonce, length)
    fits = dimensions <= 4 and (
        kind != wire.ARRAY or length == 4 * int(np.prod([int(s) for s in shape[:dimensions]], dtype=object))
    )
    fits &= kind not in (wire.TEXT, wire.RAISED, wire.FETCH) or length <= wire.TEXT_LIMIT
    if fits:
        assert wire.unpack_header(raw).length == length
    else:
        with pytest.raises(ValueError, match="it"):
            wire.unpack_header(raw)
