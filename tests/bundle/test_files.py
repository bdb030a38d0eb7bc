"""Folders and zips that are not what the trainer writes: refused in a sentence, without unpacking or waiting."""

import io
import os
import shutil
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from flowleague import archive
from flowleague.archive import _END as END
from flowleague.bundle.files import LIMITS, read_files
from flowleague.errors import BundleError


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def zipped(folder: Path, method: int = zipfile.ZIP_DEFLATED, more: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """The five files of a folder as a zip, and more members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in LIMITS:
            archive.write(folder / name, name)
        for name, content in more.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(path: Path, raw: bytes | None = None) -> str:
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(BundleError) as caught:
        read_files(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_folder_and_zip_hold_the_same(bundle: Path, tmp_path: Path, method: int) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(bundle, method))
    assert read_files(tmp_path / "a.zip") == read_files(bundle)


@pytest.mark.parametrize("name", list(LIMITS))
def test_only_plain_files_are_read(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / name).rename(tmp_path / "secret")
    for make in (
        lambda: (copy / name).symlink_to(tmp_path / "secret"),
        lambda: os.mkfifo(copy / name),
        lambda: (copy / name).symlink_to("/dev/zero"),
    ):
        make()
        assert f"{name} of" in refusal(copy)
        (copy / name).unlink()
    (copy / name).mkdir()
    assert "no regular file" in refusal(copy)


def test_a_zip_that_is_a_link_or_a_pipe_is_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "link.zip").symlink_to(bundle.with_name("tiny.zip"))
    os.mkfifo(tmp_path / "pipe.zip")
    assert "it is a link" in refusal(tmp_path / "link.zip")
    assert "no regular file" in refusal(tmp_path / "pipe.zip")


def test_a_file_beyond_its_limit_is_refused(copy: Path) -> None:
    for name, limit in LIMITS.items():
        os.truncate(copy / name, limit + 1)  # sparse
        assert f"{name} of" in refusal(copy)
        assert "larger than" in refusal(copy)
        os.truncate(copy / name, 0)


@pytest.mark.parametrize("name", ["../config.json", "/etc/passwd", "a/../b", "README.md", "x\x1b[2J"])
def test_foreign_members_are_refused(bundle: Path, tmp_path: Path, name: str) -> None:
    assert "is foreign or there twice" in refusal(tmp_path / "a.zip", zipped(bundle, more={name: b"x"}))
    assert not (tmp_path.parent / "config.json").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_given_twice_is_refused(bundle: Path, tmp_path: Path) -> None:
    assert "is foreign or there twice" in refusal(tmp_path / "a.zip", zipped(bundle, more={"config.json": b"{}"}))


def test_rare_methods_are_refused(bundle: Path, tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "neither stored nor deflated" in refusal(tmp_path / "a.zip", zipped(bundle, method))


def test_encryption_is_refused(bundle: Path, tmp_path: Path) -> None:
    raw = bytearray(zipped(bundle))
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1  # general purpose bit 0 of the first entry of the directory
    assert "encrypted" in refusal(tmp_path / "a.zip", bytes(raw))


def test_what_is_not_the_archive_alone_is_refused(bundle: Path, tmp_path: Path) -> None:
    raw = zipped(bundle)
    end = END.unpack_from(raw, len(raw) - END.size)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    for changed, words in {
        b"#!/bin/sh\n" + raw: "beside the archive",
        raw + b"x": "no zip, is cut short",
        raw[:-2] + b"\x01\x00x": "no zip, is cut short",
        raw[: -END.size] + locator + raw[-END.size :]: "zip64",
        raw[: -END.size] + END.pack(*end[:3], 5, 6, *end[5:]): "divided",
        raw[: -END.size] + END.pack(*end[:3], 60_000, 60_000, *end[5:]): "60,000 members",
        raw[: -END.size] + END.pack(*end[:5], 4097, *end[6:]): "list of members",
        b"": "too short",
    }.items():
        assert words in refusal(tmp_path / "a.zip", changed)


def test_a_directory_of_many_entries_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as many:
        for number in range(3000):
            many.writestr(f"{number}", b"")
    monkeypatch.setattr(archive.zipfile, "ZipFile", None)
    assert "3,000 members" in refusal(tmp_path / "a.zip", buffer.getvalue())


def test_bombs_are_refused_by_size_and_by_ratio(copy: Path, tmp_path: Path) -> None:
    for size, words in ((8 * 2**20, "larger than the 1 MiB"), (2**20 - 1, "packed more than 100-fold")):
        (copy / "config.json").write_bytes(b" " * size)
        assert words in refusal(tmp_path / "a.zip", zipped(copy))


def test_a_member_that_lies_about_its_size_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "config.json").write_bytes(b" " * 60_000)
    raw = zipped(copy)
    for claimed in (100, 59_999, 60_001):
        # in the local header and in the directory alike
        changed = raw.replace(struct.pack("<L", 60_000), struct.pack("<L", claimed))
        assert "cannot be read" in refusal(tmp_path / "a.zip", changed)
