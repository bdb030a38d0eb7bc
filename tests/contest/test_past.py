"""What is read of the log: only what was added, and of a snapshot only what the log says too."""

import hashlib
import os
import shutil

import msgspec
import pytest
from tests.contest.test_events import BODIES
from tests.contest.test_records import fill, fill_one_more

from flowleague.contest import events, past, snapshot
from flowleague.contest.chain import HEAD_FILE, LOG_FILE, RecordsError, read_records
from flowleague.contest.events import events_of
from flowleague.contest.folder import open_contest
from flowleague.contest.past import read_past
from flowleague.contest.records import writing
from flowleague.contest.state import state_of
from flowleague.contest.verify import verify

OTHERS = {
    "secret": {"sha256": "ab" * 32},
    "rules": {"hashes": {"contest.toml": "cd" * 32}, "closes": "2026-10-12T17:30:00-05:00", "reason": "Schnee \u202e"},
    "rename": {"team": "A", "name": "Ä", "reason": "they asked"},
    "new-key": {"team": "Ä", "salt": "01", "key": "02", "reason": "lost"},
    "clear": {"id": "a1", "finding": "odd", "sentence": "It is odd.", "evaluator": "x", "reason": "seen", "by": "B"},
    "held-out": {"sha256": "ba" * 32},
    "evidence": {"id": "a1", "sha256": "ef" * 32},
    "again": {"ids": ["a1"], "reason": "the fan"},
    "final-round": {"value": "1 2 3", "contest": "c", "round": 3, "seed": "9" * 64},
}
KINDS = BODIES | OTHERS


def forget():
    """What another process knows of logs: nothing."""
    past._known.clear()


@pytest.fixture
def parsed(monkeypatch):
    """The numbers of the lines that are read and checked."""
    numbers, parse = [], past.parse_line
    monkeypatch.setattr(
        past, "parse_line", lambda line, number, before: numbers.append(number) or parse(line, number, before)
    )
    return numbers


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of snapshots, which are written for any new line."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(snapshot, "cache_folder", lambda *names: folder.joinpath(*names))
    monkeypatch.setattr(snapshot, "worthwhile", lambda size: 0)
    return folder / "records"


def test_only_what_was_added_is_read_again(tmp_path, parsed):
    fill(tmp_path)
    read_past(tmp_path)
    parsed.clear()
    assert read_past(tmp_path).number == 3
    assert parsed == []
    fill_one_more(tmp_path)
    parsed.clear()
    assert read_past(tmp_path).number == 4
    assert parsed in ([], [4])


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_log_that_did_not_only_grow_is_read_whole(line, tmp_path):
    fill(tmp_path)
    log = tmp_path / LOG_FILE
    whole = log.read_bytes()
    read_past(tmp_path)
    lines = whole.splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:line]))
    os.utime(log, ns=(1, 1))
    assert read_past(tmp_path).number == line
    log.write_bytes(whole)
    os.utime(log, ns=(2, 2))
    assert read_past(tmp_path).number == 3
    log.write_bytes(whole.replace(b'"i":1', b'"i":7'))
    os.utime(log, ns=(3, 3))
    with pytest.raises(RecordsError, match="line 2, was altered"):
        read_past(tmp_path)
    assert verify(tmp_path).faults


def said(folder):
    """Events and state as bytes, so that zones of times count too."""
    found = read_past(folder)
    return found.number, found.hash, msgspec.json.encode(found.events), repr(found.state)


@pytest.fixture
def recorded(tmp_path, cache):
    """The folder of a contest with a record of every kind, of which there is a snapshot, and what is read there."""
    folder = tmp_path / "contest"
    folder.mkdir()
    with writing(folder) as writer:
        for kind, body in KINDS.items():
            files = {f"{body['folder']}/{body['file']}": b"x"} if kind == "submit" else {}
            writer.append(kind, body, files)
    forget()
    read_past(folder)
    assert set(KINDS) == set(events.KINDS)
    assert len(list(cache.iterdir())) == 1
    forget()
    return folder


def without_snapshot(folder, cache):
    shutil.rmtree(cache)
    forget()
    return said(folder)


def test_a_snapshot_says_what_the_log_says_and_deleting_it_changes_nothing(recorded, cache, parsed):
    read = said(recorded)
    assert parsed == []
    assert read == without_snapshot(recorded, cache)
    assert len(parsed) == read[0] == len(KINDS)
    assert msgspec.json.encode(events_of(read_records(recorded))) == read[2]


def test_what_was_added_since_a_snapshot_is_read_after_it(recorded, cache, parsed):
    with writing(recorded) as writer:
        writer.append("note", {})
        writer.append("withdraw", {"id": next(iter(writer.state.submissions))})
    forget()
    parsed.clear()
    read = said(recorded)
    assert parsed == [len(KINDS) + 1, len(KINDS) + 2]
    assert read == without_snapshot(recorded, cache)


def flip(path, place):
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: flip(path, 5),
        lambda path: flip(path, -200),
        lambda path: path.write_bytes(b"x" * 100),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["empty", "cut", "its hash", "an event", "nonsense", "a folder"],
)
def test_a_damaged_snapshot_is_ignored(damage, recorded, cache, parsed):
    read = said(recorded)
    damage(next(cache.iterdir()))
    forget()
    assert said(recorded) == read
    assert len(parsed) == len(KINDS)


def forge(path, old, new, **changes):
    """Change an event in a snapshot, and make its own hash right again."""
    content = msgspec.json.decode(path.read_bytes()[64:]) | changes
    raw = msgspec.json.encode(content).replace(old, new)
    path.write_bytes(hashlib.sha256(raw).hexdigest().encode() + raw)


def test_a_snapshot_of_other_bytes_or_of_another_reader_is_ignored(recorded, cache, parsed):
    read, path = said(recorded), next(cache.iterdir())
    for changes in ({"sha256": "0" * 64}, {"size": 1}, {"size": 10**9}, {"reader": "another"}):
        before = path.read_bytes()
        forge(path, b"", b"", **changes)
        forget()
        parsed.clear()
        assert said(recorded) == read
        assert len(parsed) == len(KINDS), changes
        path.write_bytes(before)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows says no owner of a file")
def test_a_snapshot_of_another_user_or_through_a_link_is_ignored(recorded, cache, parsed, monkeypatch):
    read, path = said(recorded), next(cache.iterdir())
    moved = path.rename(path.with_name("elsewhere"))
    path.symlink_to(moved)
    forget()
    assert said(recorded) == read
    assert len(parsed) == len(KINDS)
    moved.rename(path)
    monkeypatch.setattr(snapshot.os, "getuid", lambda: 12345)
    forget()
    assert said(recorded) == read
    assert len(parsed) == 2 * len(KINDS)


def test_an_altered_line_is_found_although_there_is_a_snapshot(recorded):
    log = recorded / LOG_FILE
    raw = log.read_bytes()
    log.write_bytes(raw.replace(b'"number":2', b'"number":7', 1))
    with pytest.raises(RecordsError, match="line 2, was altered"):
        read_past(recorded)
    log.write_bytes(raw)
    assert verify(recorded).records == len(KINDS)  # reads everything, snapshot or not


def test_after_a_merge_that_took_the_other_side_nothing_of_ours_is_left(contest, send, cache):
    send("a", "# fine")
    log, head = contest / LOG_FILE, contest / HEAD_FILE
    common, common_head = log.read_bytes(), head.read_bytes()
    send("b", "# ours")
    theirs = log.read_bytes(), head.read_bytes()
    log.write_bytes(common)
    head.write_bytes(common_head)
    send("c", "# theirs")
    forget()
    assert {team.name for team in open_contest(contest).state.teams.values()} == {"a", "c"}
    log.write_bytes(theirs[0])
    head.write_bytes(theirs[1])
    forget()
    assert {team.name for team in open_contest(contest).state.teams.values()} == {"a", "b"}


def test_no_cache_is_no_fault(recorded, cache, monkeypatch):
    shutil.rmtree(cache.parent)
    cache.parent.write_text("a file where a folder should be")
    forget()
    assert read_past(recorded).number == len(KINDS)


def test_a_state_is_not_changed_by_what_comes_later(contest, send):
    send("a", "# fine")
    before = open_contest(contest).state
    kept = repr(before)
    send("a", "# better")
    send("b", "# another")
    after = open_contest(contest).state
    assert repr(before) == kept
    assert after == state_of(read_records(contest))
    assert len(after.submissions) == 3


def test_a_head_that_a_killed_writer_left_behind_is_right(tmp_path):
    fill(tmp_path)
    head = (tmp_path / HEAD_FILE).read_bytes()
    fill_one_more(tmp_path)
    (tmp_path / HEAD_FILE).write_bytes(head)
    with writing(tmp_path) as writer:
        assert writer.past.number == 4
    assert (tmp_path / HEAD_FILE).read_bytes().startswith(b"4 ")
    (tmp_path / HEAD_FILE).write_bytes(head.replace(b"3 ", b"2 "))
    with pytest.raises(RecordsError, match="records are missing or were altered"), writing(tmp_path):
        pass
