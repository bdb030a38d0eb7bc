"""Writing files so that a kill, a full disk or a second reader never meets half of one."""

import os
import tempfile
from pathlib import Path

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


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The sentence for a file that cannot be written."""
    reason = error.strerror or str(error)
    return OutputError(f"{path} could not be written ({reason}); free some space or choose another place.")


def _umask() -> int:
    """The process's umask; there is no way to read it without setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
