"""Commands on a strange machine, all in one process that lacks what such a machine lacks.

    python -m tests.strange KIND FOLDER COMMANDS

KIND is a name of `KINDS`; COMMANDS is JSON, a list of the words of each command. FOLDER becomes the working directory.
Prints the status of each command. What a simulation cannot show stands in docs/machines.md.
"""

import builtins
import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable


def _without_posix() -> None:
    """Windows, as far as Linux can play it: modules and calls that are not there, and a console of few characters."""
    for name in ("fcntl", "resource", "pwd", "grp", "termios", "pty"):
        sys.modules[name] = None  # type: ignore[assignment]
    for name in ("fork", "killpg", "getuid", "sched_getaffinity", "sysconf", "O_NOFOLLOW", "O_NONBLOCK"):
        delattr(os, name)
    for name in ("SIGKILL", "SIGPIPE", "SIGXCPU", "SIGSTOP", "SIGCONT"):
        delattr(signal, name)
    subprocess.Popen.kill = subprocess.Popen.terminate  # type: ignore[method-assign]  # as on Windows
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="cp1252", errors="strict")  # type: ignore[union-attr]


def _without_home() -> None:
    """A container that runs as a number: no account, no home, a console of ASCII."""
    import pwd

    os.environ.pop("HOME", None)
    os.environ.pop("XDG_CACHE_HOME", None)
    pwd.getpwuid = pwd.getpwnam = _unknown  # type: ignore[assignment]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="ascii", errors="strict")  # type: ignore[union-attr]


def _on_a_mount() -> None:
    """A share or a drive in the cloud: no modes, no syncing, no mapping of files into memory."""
    import mmap

    os.chmod = os.fchmod = _refuses(errno.EPERM)  # type: ignore[assignment]
    os.fsync = _refuses(errno.ENOTSUP)
    os.link = os.symlink = _refuses(errno.EPERM)
    mmap.mmap = _refuses(errno.ENODEV)  # type: ignore[assignment,misc]
    import safetensors

    safetensors.safe_open = _refuses(errno.ENODEV)  # type: ignore[assignment,misc]  # which maps by itself


def _unknown(user: object) -> None:
    raise KeyError(user)


def _refuses(number: int) -> Callable[..., None]:
    def call(*words: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


KINDS = {"without posix": _without_posix, "without home": _without_home, "on a mount": _on_a_mount}


def main(kind: str, folder: str, commands: str) -> None:
    """Become a strange machine, and run the commands."""
    os.chdir(folder)
    KINDS[kind]()
    from flowleague.cli import main as flowleague

    for words in json.loads(commands):
        sys.argv = ["flowleague", *words]
        status: object = 0
        with contextlib.suppress(builtins.BaseException):
            try:
                flowleague()
            except SystemExit as stop:
                status = stop.code or 0
            except BaseException as error:
                status = repr(error)
                raise
        print(f"\n{status} <- {' '.join(words[:2])}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
