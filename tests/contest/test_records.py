"""The log: every interleaving of writers verifies, every altered byte is found, a kill loses nothing."""

import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowleague.contest import records
from flowleague.contest.chain import HEAD_FILE, LOG_FILE, STAGING, RecordsError, read_records
from flowleague.contest.records import writing
from flowleague.contest.verify import verify
from flowleague.errors import OutputError

WORDS = st.text(max_size=20)
BODIES = st.dictionaries(WORDS, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS, max_size=3)


def fill(folder: Path, n: int = 3) -> None:
    for i in range(n):
        with writing(folder) as writer:
            writer.append("note", {"i": i}, {f"entries/team/{i}/file.bin": bytes([i]) * 10})


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.lists(BODIES, max_size=4), max_size=5))
def test_what_is_appended_is_read_and_verifies(sessions):
    with_folder(lambda folder: _append_and_compare(folder, sessions))


def with_folder(action):
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        action(Path(name))


def _append_and_compare(folder, sessions):
    for bodies in sessions:
        with writing(folder) as writer:
            for body in bodies:
                writer.append("note", body)
    assert [record.body for record in read_records(folder)] == [body for bodies in sessions for body in bodies]
    assert verify(folder).faults == []


def _write_some(folder, name, n):
    for i in range(n):
        with writing(Path(folder)) as writer:
            writer.append("note", {"writer": name, "i": i}, {f"entries/{name}/{i}": f"{name} {i}".encode()})


def test_two_writers_at_once_interleave_and_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(str(tmp_path), name, 15)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = [(record.body["writer"], record.body["i"]) for record in read_records(tmp_path)]
    assert sorted(found) == sorted((name, i) for name in "ab" for i in range(15))
    assert [i for name, i in found if name == "a"] == list(range(15))
    assert verify(tmp_path).faults == []


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    fill(folder)
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_single_altered_byte_is_found(filled, data):
    names = [LOG_FILE, HEAD_FILE, *(f"entries/team/{i}/file.bin" for i in range(3))]
    path = filled / data.draw(st.sampled_from(names))
    original = path.read_bytes()
    place = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[place]))
    path.write_bytes(original[:place] + bytes([byte]) + original[place + 1 :])
    try:
        assert verify(filled).faults
        assert path.read_bytes() != original  # verifying changes nothing
    finally:
        path.write_bytes(original)
    assert verify(filled).faults == []


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_records_cut_off_the_end_are_missed_and_nobody_writes_on(kept, tmp_path):
    fill(tmp_path)
    lines = (tmp_path / LOG_FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / LOG_FILE).write_bytes(b"".join(lines[:kept]))
    assert any("missing" in fault for fault in verify(tmp_path).faults)
    with pytest.raises(RecordsError, match="missing or were altered"), writing(tmp_path):
        pass


def test_a_record_taken_out_or_moved_is_found(tmp_path):
    fill(tmp_path)
    a, b, c = (tmp_path / LOG_FILE).read_bytes().splitlines(keepends=True)
    for lines in ([a, c], [b, a, c], [a, a, b, c], [a, c, b]):
        (tmp_path / LOG_FILE).write_bytes(b"".join(lines))
        assert verify(tmp_path).faults
        with pytest.raises(RecordsError, match="was altered"):
            read_records(tmp_path)


@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=settings().max_examples // 3)
def test_a_torn_last_line_is_recovered_and_kept(share):
    with_folder(lambda folder: _tear(folder, share))


def _tear(folder, share):
    """What a kill in the middle of writing the fourth record leaves."""
    fill(folder)
    log = folder / LOG_FILE
    three, head = log.read_bytes(), (folder / HEAD_FILE).read_bytes()
    fill_one_more(folder)
    fourth = log.read_bytes()[len(three) :]
    part = fourth[: int(share * (len(fourth) - 1))]
    log.write_bytes(three + part)
    (folder / HEAD_FILE).write_bytes(head)
    (folder / "entries/team/3/file.bin").unlink()
    (folder / "entries/team/3").rmdir()
    assert len(read_records(folder)) == 3
    assert verify(folder).faults == []
    with writing(folder) as writer:
        kinds = [record.kind for record in read_records(writer.folder)]
    if part == b"":
        assert kinds == ["note"] * 3
    else:
        assert kinds == ["note"] * 3 + ["torn"]
        assert bytes.fromhex(read_records(folder)[-1].body["bytes"]) == part
    assert verify(folder).faults == []


def fill_one_more(folder):
    with writing(folder) as writer:
        writer.append("note", {"i": 3}, {"entries/team/3/file.bin": b"3"})


def test_a_line_that_lacks_only_its_end_is_whole(tmp_path):
    fill(tmp_path)
    head = (tmp_path / HEAD_FILE).read_bytes()
    fill_one_more(tmp_path)
    log = tmp_path / LOG_FILE
    log.write_bytes(log.read_bytes()[:-1])
    (tmp_path / HEAD_FILE).write_bytes(head)
    with writing(tmp_path) as writer:
        assert writer.past.number == 4
    assert [record.kind for record in read_records(tmp_path)] == ["note"] * 4
    assert verify(tmp_path).faults == []


def test_a_move_that_a_kill_prevented_is_finished_and_what_has_no_record_goes(tmp_path):
    fill(tmp_path)
    (tmp_path / STAGING).mkdir(exist_ok=True)
    os.replace(tmp_path / "entries/team/1/file.bin", tmp_path / STAGING / "2-0")
    (tmp_path / STAGING / "4-0").write_bytes(b"staged, and never recorded")
    with writing(tmp_path):
        pass
    assert (tmp_path / "entries/team/1/file.bin").read_bytes() == bytes([1]) * 10
    assert list((tmp_path / STAGING).iterdir()) == []
    assert verify(tmp_path).faults == []


@pytest.mark.parametrize("name", ["a-b", "-1-0", "0-0", "9" * 40 + "-0", "2", ".swp"])
def test_what_somebody_left_in_the_staging_folder_stops_no_writer(name, tmp_path):
    fill(tmp_path)
    (tmp_path / STAGING).mkdir(exist_ok=True)
    (tmp_path / STAGING / name).write_bytes(b"x")
    with writing(tmp_path) as writer:
        writer.append("note", {}, {"entries/team/new": b"y"})
    assert (tmp_path / "entries/team/new").read_bytes() == b"y"
    assert list((tmp_path / STAGING).iterdir()) == []


def test_files_missing_and_added_are_told(tmp_path):
    fill(tmp_path)
    (tmp_path / "entries/team/0/file.bin").unlink()
    (tmp_path / "entries/team/1/more.bin").write_bytes(b"x")
    faults = verify(tmp_path).faults
    assert any("entries/team/0/file.bin is missing" in fault for fault in faults)
    assert any("entries/team/1/more.bin was added" in fault for fault in faults)
    assert len(faults) == 2


def test_a_clock_that_goes_back_is_noticed_and_no_fault(tmp_path):
    with writing(tmp_path) as writer:
        writer.append("note", {}, now=datetime(2026, 10, 9, tzinfo=UTC))
        writer.append("note", {}, now=datetime(2026, 10, 8, tzinfo=UTC))
    report = verify(tmp_path)
    assert report.faults == []
    assert any("the clock went back" in note for note in report.notes)


def test_a_second_writer_gives_up_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "WAIT_SECONDS", 0.05)
    again = pytest.raises(RecordsError, match="Another process")
    with FileLock(tmp_path / records.LOCK_FILE), again, writing(tmp_path):
        pass


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    fill(tmp_path)

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(records.os, "fsync", full)
        with pytest.raises(OutputError, match="No space left"), writing(tmp_path) as writer:
            writer.append("note", {}, {"entries/x/y": b"z"})
    assert verify(tmp_path).faults == []
    fill_one_more(tmp_path)
    assert len(read_records(tmp_path)) == 4


def test_a_head_that_was_kept_elsewhere_shows_records_that_were_cut_off(contest, send):
    send("a", "# fine")
    early = verify(contest).head
    send("b", "# another")
    late = verify(contest).head
    assert verify(contest, early).faults == verify(contest, late[:12]).faults == []
    log = contest / "records.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    head = contest / "records.head"
    head.write_text(f"{len(lines) - 1} {msgspec.json.decode(lines[-2])['hash']}\n")
    assert any("moved back" in note for note in verify(contest).notes)
    log.write_bytes(b"".join(lines[:-1]))
    assert any("were cut off" in fault for fault in verify(contest, late).faults)
    head.unlink()
    assert any("is missing" in note for note in verify(contest).notes)
