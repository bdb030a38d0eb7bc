"""What crosses the wall: frames on two pipes, one each way. Used on both sides; needs nothing but Python.

    magic 4 bytes | kind 1 | dimensions 1 | 2 unused | shape 4 x u32 | nonce 16 | length u64 | payload

An array is raw float32, little-endian, in C order; a text is UTF-8 JSON of at most 64 KiB. Never a pickle. The nonce
is drawn anew for each request and returned with the reply, so that a reply is known to belong to it.
"""

import json
import math
import struct
from typing import Any, NamedTuple

HEADER = struct.Struct("<4sBBxx4I16sQ")
MAGIC = b"FLW1"
TEXT_LIMIT = 2**16
LOAD, ENCODE, DECODE, GENERATE, READ, TRY, CAPTURE = range(1, 8)  # requests
ARRAY, TEXT, RAISED, FETCH, FILE = range(11, 16)  # replies; FETCH asks for a file, and is answered by a TEXT
NAMES = {
    READ: "read",
    TRY: "load",
    LOAD: "load",
    ENCODE: "encode",
    DECODE: "decode",
    GENERATE: "generate_samples",
    CAPTURE: "capture",
}
ANSWERS = {  # the kinds of replies to each request, beside RAISED
    READ: (TEXT,),
    TRY: (TEXT,),
    LOAD: (TEXT,),
    ENCODE: (ARRAY,),
    DECODE: (ARRAY,),
    GENERATE: (ARRAY,),
    CAPTURE: (FILE, TEXT),
}


class Header(NamedTuple):
    """The fixed part of a frame."""

    kind: int
    shape: tuple[int, ...]
    nonce: bytes
    length: int


def pack(kind: int, nonce: bytes, payload: bytes, shape: tuple[int, ...] = ()) -> bytes:
    """A whole frame."""
    padded = (*shape, 0, 0, 0, 0)[:4]
    return HEADER.pack(MAGIC, kind, len(shape), *padded, nonce, len(payload)) + payload


def pack_text(kind: int, nonce: bytes, value: Any) -> bytes:
    """A frame with a JSON value."""
    return pack(kind, nonce, json.dumps(value).encode())


def unpack_header(raw: bytes) -> Header:
    """The header in its 48 bytes; raises ValueError for anything that `pack` did not make."""
    magic, kind, dimensions, a, b, c, d, nonce, length = HEADER.unpack(raw)
    if magic != MAGIC:
        raise ValueError("it does not begin with the right signs")
    if dimensions > 4:
        raise ValueError(f"its array has {dimensions} dimensions")
    shape = (a, b, c, d)[:dimensions]
    if kind == ARRAY and length != 4 * math.prod(shape):
        raise ValueError("its length does not fit its shape")
    if kind in (TEXT, RAISED, FETCH) and length > TEXT_LIMIT:
        raise ValueError(f"its text has {length} bytes")
    return Header(kind, shape, nonce, length)
