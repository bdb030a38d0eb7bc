"""Which files may be opened, by Landlock: the paths of this machine stay unread.

/proc/self/mountinfo tells where bind mounts come from on this machine. Of /proc only what libraries ask for can be
read, and of processes only the one that is restricted: each before it runs the first line of an entry. A kernel
without Landlock is no fault: the other bricks of the wall stand without it.
"""

import ctypes
import os
import struct
from contextlib import suppress

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_WRITE, _READ, _LIST = 2, 4, 8  # LANDLOCK_ACCESS_FS_WRITE_FILE, READ_FILE, READ_DIR
_PATH_BENEATH = 1
_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys", "uptime", "version")
_PROC += ("self/maps", "self/status", "self/statm", "self/fd")
_WRITABLE = ("/tmp", "/dev")

behind_wall = False  # `confine` says so; where there is no wall, there is nothing to restrict


def restrict() -> bool:
    """Restrict this process and all that come of it; whether that was done."""
    if not behind_wall:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    handled = struct.pack("=Q", _WRITE | _READ | _LIST)
    rules = libc.syscall(_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        tops = [f"/{name}" for name in os.listdir("/") if name != "proc"]
        for path in ["/", *tops, *(f"/proc/{name}" for name in _PROC)]:
            with suppress(OSError):
                _allow(libc, rules, path)
        return libc.syscall(_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str) -> None:
    place = os.open(path, os.O_PATH)
    try:
        allowed = _LIST if path == "/" else _READ | (_WRITE if path in _WRITABLE else 0)
        libc.syscall(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", allowed, place), 0)
    finally:
        os.close(place)
