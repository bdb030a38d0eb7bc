"""Files: written so that nobody ever meets half of one, and read so that a stranger's cannot hang the reader."""

import errno
import gc
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flowleague.errors import OutputError

# What a mount says (CIFS, FUSE, a drive or store in the cloud) that does not have a call
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV)
_PAUSES = (0.05, 0.2, 0.8)  # seconds
_TEMPORARY, _HELD = "flowleague-files-", ".lock"
_REMEDIES = {  # of failed writing; elsewhere another place is all
    errno.ENOSPC: "free some space or ",
    errno.EDQUOT: "free some space or ",
    errno.EACCES: "close what has it open, or ask for the right to write there, or ",
    errno.EPERM: "ask for the right to write there, or ",
}


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file beside its place and move it there: readers see the old or the new whole, never a part.

    Raises `OutputError` when the folder cannot be written or the disk is full; the old file is then untouched. A mount
    that moves no files (of an object store) gets the file in its place, and there a reader may meet a part.
    """
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            sync(file)
        with suppress(OSError):  # CIFS and FUSE refuse: there the mount decides who may read
            os.chmod(partial, 0o600 if private else 0o666 & ~_umask())
        try:
            _move(partial, path)
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
            path.write_bytes(content)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if partial:
            with suppress(OSError):  # the first failure is the one to tell
                Path(partial).unlink(missing_ok=True)


def _move(source: str, target: Path) -> None:
    """Replace a file; on Windows that fails while another program, such as a scanner of viruses, has it open."""
    for pause in _PAUSES:
        with suppress(PermissionError):
            return os.replace(source, target)
        time.sleep(pause)
    return os.replace(source, target)


def sync(file: BinaryIO | int) -> None:
    """Write what is buffered of a file, or of an open folder, to the disk, as far as its file system offers that."""
    if not isinstance(file, int):
        file.flush()
        file = file.fileno()
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise


def cache_folder(*names: str) -> Path:
    """A folder of the user's cache, for what can be fetched or computed again; it need not exist yet.

    A user without a home, as in many containers, has it in the folder of temporary files.
    """
    import platformdirs  # not in the sandbox, where files are read too

    try:
        cache = platformdirs.user_cache_path("flowleague")
    except RuntimeError:
        cache = Path(tempfile.gettempdir()) / f"flowleague-cache-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    return cache.joinpath(*names)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for strangers' files, removed in the end; what a killed process left is removed by the next command.

    Its process holds a lock in it, which dies with the process.
    """
    from filelock import FileLock

    sweep()
    whole = Path(tempfile.mkdtemp(prefix=_TEMPORARY))  # nobody else may look into it, or put a link there
    try:
        with FileLock(whole / _HELD):
            (whole / "files").mkdir()
            yield whole / "files"
    finally:
        shutil.rmtree(whole, ignore_errors=True)


def sweep() -> None:
    """Remove the temporary folders of this user's processes that were killed."""
    for whole in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*"):
        with suppress(OSError, NotImplementedError):
            found = whole.lstat()
            mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if mine and stat.S_ISDIR(found.st_mode) and (whole / _HELD).is_file():
                _remove_if_left(whole)


def _remove_if_left(whole: Path) -> None:
    from filelock import FileLock, Timeout

    try:
        with FileLock(whole / _HELD, timeout=0):
            shutil.rmtree(whole / "files", ignore_errors=True)
    except Timeout:
        return  # its process lives
    shutil.rmtree(whole, ignore_errors=True)


@contextmanager
def without_cycles() -> Iterator[None]:
    """Do not look for unreachable cycles while many objects are made that stay."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def at_home(path: str | Path) -> Path:
    """A path whose ``~`` is the user's home; as it is where there is no such user or no home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a stranger's file, or `limit + 1` of them when there are more.

    Raises `OSError`, whose `strerror` says why, also for what is no regular file: a link may point at the reader's
    secrets, and a pipe or a device may never end.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size  # to read more sets that much memory aside
        return file.read(min(limit, size) + 1)


def open_regular(path: Path) -> BinaryIO:
    """A stranger's file, opened to be read; raises `OSError` as `read_regular` does."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise OSError(errno.ELOOP, "it is a link") if error.errno == errno.ELOOP else error from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(handle, "rb")


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The sentence for a file that cannot be written."""
    reason = error.strerror or str(error)
    return OutputError(
        f"{path} could not be written ({reason}); {_REMEDIES.get(error.errno or 0, '')}choose another place."
    )


def _umask() -> int:
    """The process's umask; there is no way to read it without setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
