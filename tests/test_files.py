"""Files on mounts that refuse what a disk offers, and places of users who have no home."""

import errno
import os
import pwd
import stat
from pathlib import Path

import pytest

from flowleague.errors import OutputError
from flowleague.files import at_home, cache_folder, sync, write_atomically


def refusing(number: int, times: int = 10**9):
    """A call that fails with an errno, the first times."""
    left = iter(range(times))

    def call(*words: object, **options: object) -> None:
        if next(left, None) is not None:
            raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_a_mount_without_modes_is_written_to(number, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "chmod", refusing(number))
    write_atomically(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_mount_that_cannot_sync_is_written_to(number, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "fsync", refusing(number))
    write_atomically(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_failure_of_the_disk_itself_is_told(monkeypatch, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", refusing(errno.EIO))
    with pytest.raises(OutputError, match=r"a could not be written \(Input/output error\); choose another place"):
        write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    with (tmp_path / "a").open("rb") as file, pytest.raises(OSError, match="Input/output"):
        sync(file.fileno())


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.EXDEV])
def test_a_mount_that_moves_nothing_gets_the_file_in_its_place(number, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "replace", refusing(number))
    write_atomically(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_is_open_elsewhere_is_replaced_once_it_is_closed(monkeypatch, tmp_path):
    """Windows refuses to replace a file that a program has open or mapped."""
    (tmp_path / "a").write_bytes(b"old")
    replace, busy = os.replace, refusing(errno.EACCES, times=2)

    def later(source, target):
        busy()
        replace(source, target)

    monkeypatch.setattr(os, "replace", later)
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    monkeypatch.setattr(os, "replace", refusing(errno.EACCES))
    with pytest.raises(OutputError, match=r"\(Permission denied\); close what has it open"):
        write_atomically(tmp_path / "a", b"newer")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_others_may_read_what_is_written_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_user_without_home_and_account_has_a_cache(monkeypatch, tmp_path):
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(user):
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert cache_folder("data").is_absolute()
    assert cache_folder("data").parent.name == f"flowleague-cache-{os.getuid()}"
    assert at_home("~/digits") == Path("~/digits")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("data").is_relative_to(tmp_path)
    assert at_home("~/digits") == tmp_path / "digits"
