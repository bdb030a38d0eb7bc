"""Files: written so that nobody ever meets half of one, and read so that a stranger's cannot hang the reader."""

import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from flowleague.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: readers see the old or the new whole, never a part.

    Raises `OutputError` when the folder cannot be written or the disk is full; the old file is then untouched.
    """
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if partial:
            Path(partial).unlink(missing_ok=True)


def cache_folder(*names: str) -> Path:
    """A folder of the user's cache, for what can be fetched or computed again; it need not exist yet."""
    import platformdirs  # not in the sandbox, where files are read too

    return platformdirs.user_cache_path("flowleague").joinpath(*names)


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
    return OutputError(f"{path} could not be written ({reason}); free some space or choose another place.")


def _umask() -> int:
    """The process's umask; there is no way to read it without setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
