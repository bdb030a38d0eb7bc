"""Tries to escape: each attempt is a line of JSON with its name, whether it was held, and what happened.

    python attempts.py SETTINGS

SETTINGS is JSON: `limits`, and `denied`, the numbers of the system calls that shall be refused, by name.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from confine import confine

_CLONE_NEWUSER = 0x10000000
_OURS = ("HOME", "TMPDIR", "LANG", "PWD", "LC_CTYPE")  # what the wall itself puts into the environment


class Held(Exception):  # noqa: N818
    """The attempt came to nothing, for a reason that no exception of Python's tells."""


def call(number: int, *arguments: int) -> None:
    """Make a system call; raises OSError when it is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def attempts(settings: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What is tried, in words; a function that returns has escaped."""
    limits = settings["limits"]
    return {
        "connect to the internet": lambda: socket.create_connection(("1.1.1.1", 80), 1),
        "ask a name server": lambda: socket.getaddrinfo("example.org", 80),
        "connect to this machine": lambda: socket.create_connection(("127.0.0.1", 22), 1),
        "talk to the host of a virtual machine": lambda: socket.socket(getattr(socket, "AF_VSOCK", 40)),
        "find something in the home": lambda: some(os.listdir(os.path.expanduser("~"))),
        "find homes of others": lambda: some([name for name in os.listdir("/home") if name != "entrant"]),
        "read the accounts": lambda: open("/etc/passwd").read(),
        "find a token in the environment": tokens,
        "see other processes": _other_processes,
        "kill the parent": lambda: kill(os.getppid()),
        "read the parent's memory": lambda: open(f"/proc/{os.getppid()}/mem", "rb").read(1),
        "write beside the libraries": lambda: open("/usr/lib/flowleague", "w"),
        "write at the root": lambda: open("/flowleague", "w"),
        "change the kernel's settings": lambda: open("/proc/sys/kernel/core_pattern", "w").write("x"),
        "become root": lambda: os.setuid(0),
        "make a user namespace": lambda: unshare(_CLONE_NEWUSER),
        "take the limits away": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
        "hide memory in shared pages": lambda: mmap.mmap(-1, 2**20),
        f"hold more than {limits['memory_mib']} MiB": lambda: bytearray((limits["memory_mib"] + 1) << 20),
        f"start more than {limits['processes']} processes": lambda: multiply(limits["processes"] + 1),
        f"write more than {limits['tmp_mib']} MiB": lambda: fill("/tmp", limits["tmp_mib"] + 1),
        "fill the shared memory": lambda: fill("/dev/shm", 17),
        **{f"call {name}": lambda number=number: refused(number) for name, number in settings["denied"].items()},
    }


def some(found: list[str]) -> None:
    """Raises `Held` when nothing was found."""
    if not found:
        raise Held("nothing is there")


def tokens() -> None:
    """What a parent's environment usually holds."""
    some([name for name in os.environ if name not in _OURS])


def _other_processes() -> None:
    """Processes that are neither this one nor the first of its tree."""
    some([name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())])


def kill(process: int) -> None:
    """Kill the first process of the tree; the kernel ignores that."""
    os.kill(process, signal.SIGKILL)
    time.sleep(0.05)
    raise Held("it lives")


def unshare(flags: int) -> None:
    """A new namespace, through libc."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def refused(number: int) -> None:
    """Make a system call that shall be refused whatever its arguments."""
    try:
        call(number, 0, 0, 0, 0, 0)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS):
            raise


def multiply(count: int) -> None:
    """Start that many processes, which end with this one."""
    children = []
    try:
        for _ in range(count):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def fill(folder: str, mib: int) -> None:
    """Write that much into a folder."""
    path = os.path.join(folder, "filling")
    try:
        with open(path, "wb") as file:
            for _ in range(mib):
                file.write(bytes(2**20))
    finally:
        os.remove(path)


def main(settings: dict[str, Any]) -> None:
    """Try everything."""
    confine(settings["limits"])
    for name, attempt in attempts(settings).items():
        held, outcome = False, "it succeeded"
        try:
            attempt()
        except (OSError, ValueError, MemoryError, Held) as error:
            held, outcome = True, str(error) or type(error).__name__
        print(json.dumps({"name": name, "good": held, "outcome": outcome}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
