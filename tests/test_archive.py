"""One reader and one writer of zips: bombs of every kind are refused in a sentence, in little memory and time."""

import contextlib
import io
import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.archive import ZipLimits, open_zip, read_zip, write_zip, zip_folder
from flowleague.contest.entry_files import EntryFileError
from flowleague.contest.folder import ContestError, new_contest
from flowleague.contest.intake import take_in
from flowleague.contest.submit import Parcel, submit
from flowleague.pulls.artifact import CARD, OUTCOME, read_artifact
from flowleague.pulls.event import Pull, PullError

MIB = 2**20
MEMORY = 12 * MIB  # what refusing may take, the megabytes of a bomb itself included
BUNDLE = ("config.json", "card.json", "training.jsonl", "vae.safetensors", "flow.safetensors")
PULL = Pull(12, "a" * 40, "main", 11, "ada", False, datetime(2026, 10, 9, tzinfo=UTC))
FAULTS = (EntryFileError, ContestError, PullError)


def zeros(names: tuple[str, ...], size: int) -> bytes:
    """Members of `size` zeros each, which deflate makes 1,000 times smaller."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            with archive.open(name, "w") as file:
                for _ in range(size // MIB):
                    file.write(bytes(MIB))
    return buffer.getvalue()


def directory(claimed: int, entries: int) -> bytes:
    """An end record that claims some members, after a directory that has others."""
    record = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, *[0] * 7, 1, *[0] * 6) + b"x"
    size = entries * len(record)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, claimed, claimed, size, 0, 0)
    return record * entries + end


def overlapping() -> bytes:
    """Many members that share the same compressed bytes, as in Fifield, A better zip bomb (WOOT 2019)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.py", b"0123456789abcdef" * 20_000)
        first = archive.filelist[0]
        for number in range(1, 9):
            copy = zipfile.ZipInfo(f"{number}.py")
            for field in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(copy, field, getattr(first, field))
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
    return buffer.getvalue()


BOMBS = {
    "zeros": lambda: zeros(BUNDLE, 16 * MIB),
    "zeros within the limits": lambda: zeros(BUNDLE, MIB),
    "files of zeros": lambda: zeros(tuple(f"{n}.py" for n in range(4)), 16 * MIB),
    "an artifact": lambda: zeros((OUTCOME, CARD), 16 * MIB),
    "a directory larger than it says": lambda: directory(5, 100_000),
    "a directory": lambda: directory(60_000, 60_000),
    "overlapping members": overlapping,
}


def at_submit(folder: Path, bomb: Path) -> object:
    return submit(folder, Parcel("Bomb", bomb))


def at_take_in(folder: Path, bomb: Path) -> object:
    (folder / "contest.toml").write_text((folder / "contest.toml").read_text().replace("_mib = 256", "_mib = 1"))
    taken = take_in(folder, bomb)
    assert not any(lot.entry for lot in taken.lots)
    return [f"{row.why}." for row in (*taken.others, *(row for lot in taken.lots for row in lot.rows)) if row.why]


def at_the_pull_job(_: Path, bomb: Path) -> object:
    return read_artifact(bomb.read_bytes(), PULL)


@pytest.mark.parametrize("bomb", list(BOMBS))
@pytest.mark.parametrize("at", [at_submit, at_take_in, at_the_pull_job])
def test_a_bomb_is_refused_in_a_sentence_and_in_little_memory(at, bomb, tmp_path):
    new_contest(tmp_path / "contest")
    (tmp_path / "b.zip").write_bytes(BOMBS[bomb]())
    tracemalloc.start()
    try:
        sentences = at(tmp_path / "contest", tmp_path / "b.zip")
    except FAULTS as refusal:
        sentences = [str(refusal)]
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MEMORY
    assert sentences
    assert all(sentence.isprintable() and sentence.endswith((".", "?")) for sentence in sentences)


@given(st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=400)))
def test_what_is_written_is_read_and_written_the_same(files):
    raw = write_zip(files)
    assert raw == write_zip(files)
    assert read_zip(raw, dict.fromkeys("abcdef", 400)) == files
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert {info.date_time for info in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}


@given(st.data())
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(data):
    raw = bytearray(write_zip({"a": b"one" * 50, "b": b"two"}))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        assert set(read_zip(bytes(raw), {"a": 150, "b": 3})) <= {"a", "b"}


def test_the_whole_file_is_not_read_to_open_it(tmp_path):
    with (tmp_path / "large.zip").open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.bin", bytes(4 * MIB))
    tracemalloc.start()
    with (tmp_path / "large.zip").open("rb") as file, open_zip(file, ZipLimits(3, 4096, 12 * MIB)) as archive:
        assert len(archive.infolist()) == 3
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()
    with (tmp_path / "large.zip").open("rb") as file, pytest.raises(ValueError, match="unpacks to more than 11 MiB"):
        open_zip(file, ZipLimits(3, 4096, 11 * MIB)).__enter__()


def test_a_folder_becomes_a_zip_that_unpacks_to_it(tmp_path):
    (tmp_path / "report" / "deep").mkdir(parents=True)
    (tmp_path / "report" / "deep" / "a.txt").write_text("1")
    assert read_zip(zip_folder(tmp_path / "report"), {"report/deep/a.txt": 1}) == {"report/deep/a.txt": b"1"}
