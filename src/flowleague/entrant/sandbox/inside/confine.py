"""The last bricks of the wall, laid from inside before any code of an entrant is read."""

import os
from collections.abc import Iterator
from typing import Any

_OPEN_FILES = 256
USER = 1000  # who the entry is, seen from inside


def confine(limits: dict[str, Any]) -> None:
    """Give up the powers that were left for starting, and accept the limits for good."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    import resource  # Windows has none, and no sandbox

    import landlock

    landlock.behind_wall = True
    for kind, soft, hard in rlimits(limits):
        resource.setrlimit(kind, (soft, hard))


def rlimits(limits: dict[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Limits of each process, as the kernel's kind, soft and hard value; none above what holds already."""
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, limits["memory_mib"] << 20),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_mib"] << 20),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        held = resource.getrlimit(kind)[1]
        value = value if held == resource.RLIM_INFINITY else min(value, held)
        # At the soft limit on processor time comes a signal that tells of it; a second later there is no asking.
        yield kind, value, value + 1 if kind == resource.RLIMIT_CPU and value != held else value
