"""Files of a contest in a place of their own: by hash, once, and nothing of it believed."""

import hashlib
import os
import shutil
import sys
import uuid

import pytest
from tests.contest.cards import make_card
from tests.contest.conftest import NOW

from flowleague.contest import store
from flowleague.contest.chain import (
    HEAD_FILE,
    LOG_FILE,
    START,
    Record,
    RecordsError,
    encode,
    head_text,
    read_records,
    sealed,
)
from flowleague.contest.folder import new_contest
from flowleague.contest.records import writing
from flowleague.contest.scores import record_score
from flowleague.contest.store import StoreError, fetch
from flowleague.contest.verify import verify


@pytest.fixture(params=["folder", "file", "memory"])
def place(request, tmp_path):
    """A folder, and two places that fsspec opens."""
    name = uuid.uuid4().hex
    return {"folder": f"../{name}", "file": f"file://{tmp_path}/{name}", "memory": f"memory://{name}"}[request.param]


@pytest.fixture
def measured(contest, send, tmp_path):
    """A contest with two measured entries, one with weights."""
    weights = tmp_path / "vae.safetensors"
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")
    send("a", "# fine", weights=[weights])
    send("b", "# another")
    with writing(contest) as writer:
        for entry in writer.state.live():
            record_score(writer, entry, make_card(entry.id, entry.weights), 1, "here", {"samples": entry.id.encode()})
    return contest


def files(folder):
    return {
        path: hashlib.sha256((folder / path).read_bytes()).hexdigest()
        for record in read_records(folder)
        for path in record.files
    }


def clone_without_entries(folder):
    """What git gives where it ignores the entries."""
    copy = folder.with_name("clone")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("entries"))
    return copy


def test_what_is_stored_comes_back_as_it_was(measured, place):
    stored = store.store(measured, place)
    assert (stored.moved, stored.missing) == (len(set(files(measured).values())), ())
    assert store.store(measured, place).moved == 0
    clone = clone_without_entries(measured)
    missing = [fault for fault in verify(clone).faults if fault.endswith("is missing.")]
    assert len(missing) == len(files(measured)) == len(verify(clone).faults)
    assert fetch(clone, place).moved == len(files(measured))
    assert files(clone) == files(measured)
    assert verify(clone).faults == []
    assert fetch(clone, place).moved == 0


def test_the_rules_name_the_place_and_verify_says_what_to_do(measured):
    rules = measured / "contest.toml"
    rules.write_text(rules.read_text().replace("\n[time]", '\nstore = "../files"\n\n[time]', 1))
    assert store.store(measured).moved
    (path, digest), *_ = sorted(files(measured).items())
    assert (measured / "../files" / digest[:2] / digest).is_file()
    (measured / path).unlink()
    (fault,) = verify(measured, now=NOW).faults
    assert fault == f"{path} is missing; `flowleague contest store --fetch` brings it if ../files has it."
    assert fetch(measured).moved == 1
    assert verify(measured, now=NOW).faults == []


def test_what_was_altered_here_is_not_stored_and_what_was_altered_there_is_not_kept(measured, tmp_path):
    (path, digest), *_ = sorted(files(measured).items())
    before = (measured / path).read_bytes()
    (measured / path).write_bytes(b"altered")
    assert store.store(measured, str(tmp_path / "files")).missing == (path,)
    (measured / path).write_bytes(before)
    assert store.store(measured, str(tmp_path / "files")).moved == 1
    (tmp_path / "files" / digest[:2] / digest).write_bytes(b"altered")
    (measured / path).unlink()
    assert fetch(measured, str(tmp_path / "files")).missing == (path,)
    assert not (measured / path).exists()
    assert not list((measured / path).parent.glob(".*"))


def test_a_file_without_end_is_not_fetched_to_its_end(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_LEAST_MIB", 0)
    monkeypatch.setattr(store, "MIB", 100)
    monkeypatch.setattr(store, "_CHUNK", 1000)
    store.store(measured, str(tmp_path / "files"))
    (path, digest), *_ = sorted(files(measured).items())
    with (tmp_path / "files" / digest[:2] / digest).open("wb") as file:
        file.truncate(2**40)
    (measured / path).unlink()
    assert fetch(measured, str(tmp_path / "files")).missing == (path,)


@pytest.mark.parametrize("path", ["../out", "entries/../../out", ".git/hooks/post-checkout", "contest.toml", "/etc/x"])
def test_a_record_writes_nothing_elsewhere(path, tmp_path):
    folder, raw = tmp_path / "contest", b"x"
    new_contest(folder)
    digest = hashlib.sha256(raw).hexdigest()
    forged = sealed(Record(number=1, time=NOW, kind="note", body={}, files={path: digest}, previous=START))
    (folder / LOG_FILE).write_bytes(encode(forged) + b"\n")
    (folder / HEAD_FILE).write_text(head_text(1, forged.hash))
    held = tmp_path / "files" / digest[:2] / digest
    held.parent.mkdir(parents=True)
    held.write_bytes(raw)
    with pytest.raises(RecordsError, match="line 1, was altered"):
        fetch(folder, str(tmp_path / "files"))


def test_a_link_leads_nothing_elsewhere(measured, tmp_path):
    store.store(measured, str(tmp_path / "files"))
    team = next((measured / "entries").iterdir())
    shutil.rmtree(team)
    (tmp_path / "outside").mkdir()
    team.symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="lies outside"):
        fetch(measured, str(tmp_path / "files"))
    assert os.listdir(tmp_path / "outside") == []


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("", 'Say where the files are kept: a line store = "../files"'),
        ("nothing://x", "nothing://x is no place for files: Protocol not known"),
        ("/proc/nowhere", "/proc/nowhere cannot be read or written"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_sentence(place, sentence, measured):
    with pytest.raises(StoreError) as caught:
        store.store(measured, place)
    assert str(caught.value).startswith(sentence)


def test_a_package_that_is_missing_is_named(measured, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(StoreError, match=r"s3://bucket needs a package more .*pip install 'flowleague\[s3\]'"):
        store.store(measured, "s3://bucket")


def test_half_a_file_is_never_in_the_place(measured, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.store(measured, str(tmp_path / "files"))
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
