"""Who wrote the digits: the shipped numbers, QMNIST's file format, and lost digits from files made in that format."""

import contextlib
import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.data import qmnist
from flowleague.data.idx import to_idx
from flowleague.data.qmnist import is_student, load_lost, load_writers, parse_labels, write_writers
from flowleague.errors import DataError

LABELS, IMAGES = "qmnist-test-labels-idx2-int.gz", "qmnist-test-images-idx3-ubyte.gz"


def packed(rows: np.ndarray) -> bytes:
    return struct.pack(">3I", 0x0C02, *rows.shape) + rows.astype(">i4").tobytes()


def test_the_shipped_writers_are_those_of_the_paper() -> None:
    writers = load_writers()
    assert [len(part) for part in (writers.train, writers.test, writers.lost)] == [60_000, 10_000, 50_000]
    train, test, lost = (set(part.tolist()) for part in (writers.train, writers.test, writers.lost))
    assert [len(train), len(test), len(lost)] == [539, 297, 488]
    assert not train & (test | lost)
    assert len(test & lost) == 250
    validation = set(writers.train[55_000:].tolist())
    assert (len(validation), len(validation & set(writers.train[:55_000].tolist()))) == (282, 251)
    assert is_student(writers.train).sum() == 29_050
    assert [is_student(half).mean() for half in (writers.test[:5000], writers.test[5000:])] == [1, 0.0002]


@given(st.integers(0, 30), st.integers(0, 2**31))
def test_labels_survive_the_format(n: int, seed: int) -> None:
    rows = np.random.default_rng(seed).integers(-(2**31), 2**31, (n, 8))
    assert np.array_equal(parse_labels(packed(rows), "x"), rows)


@given(st.binary(max_size=40))
def test_any_bytes_give_labels_or_a_sentence(raw: bytes) -> None:
    for head in (b"", b"\0\0\x0c\x02"):
        with contextlib.suppress(DataError):
            assert parse_labels(head + raw, "the file").shape[1] == 8


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of small files in QMNIST's format, taken for the published ones; of five digits two are MNIST's."""
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.integers(0, 10, 5), np.full(5, 4), 2100 + np.arange(5), np.zeros((5, 5), int)])
    files = {LABELS: packed(rows), IMAGES: to_idx(rng.integers(0, 255, (5, 28, 28), np.uint8))}
    for name, raw in files.items():
        (tmp_path / name).write_bytes(gzip.compress(raw))
        monkeypatch.setitem(qmnist._MD5, name, hashlib.md5((tmp_path / name).read_bytes()).hexdigest())
    monkeypatch.setitem(qmnist._RAW_SHA256, LABELS, hashlib.sha256(files[LABELS]).hexdigest())
    monkeypatch.setattr(qmnist, "TEST", 2)
    return tmp_path


def test_lost_digits_come_with_their_writers(published: Path) -> None:
    lost = load_lost(published)
    assert lost.split.images.shape == (3, 28, 28)
    assert lost.writers.tolist() == [2102, 2103, 2104]


def test_labels_may_be_unpacked_and_images_may_not(published: Path) -> None:
    for name in (LABELS, IMAGES):
        path = published / name
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    (published / LABELS).unlink()
    assert len(load_lost(published).writers) == 3
    (published / IMAGES).unlink()
    with pytest.raises(DataError, match=r"give the \.gz"):
        load_lost(published)


def test_a_damaged_or_missing_file_is_refused(published: Path) -> None:
    (published / LABELS).write_bytes((published / LABELS).read_bytes()[:-1])
    with pytest.raises(DataError, match="checksum differs"):
        load_lost(published)
    (published / LABELS).unlink()
    with pytest.raises(DataError, match="holds no qmnist-test-labels"):
        load_lost(published)


def test_they_are_downloaded_once(published: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    asked, cache = [], tmp_path_factory.mktemp("cache")

    def fetch(name: str) -> bytes:
        asked.append(name)
        return (published / name).read_bytes()

    monkeypatch.setattr(qmnist, "_fetch", fetch)
    monkeypatch.setattr(qmnist, "cache_folder", lambda *_: cache)
    assert np.array_equal(load_lost().split.images, load_lost().split.images)
    assert sorted(asked) == [IMAGES, LABELS]


def test_the_shipped_file_is_made_of_label_files(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = LABELS.replace("test", "train")
    (published / train).write_bytes((published / LABELS).read_bytes())
    monkeypatch.setitem(qmnist._MD5, train, qmnist._MD5[LABELS])
    write_writers(published, published / "writers.xz")
    monkeypatch.setattr(qmnist.resources, "files", lambda _: published)
    monkeypatch.setattr(qmnist, "WRITERS", "writers.xz")
    monkeypatch.setattr(qmnist, "TRAIN", 5)
    writers = load_writers.__wrapped__()
    assert (len(writers.train), len(writers.test), len(writers.lost)) == (5, 2, 3)
