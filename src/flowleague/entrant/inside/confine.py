"""The last bricks of the wall, laid from inside before any code of an entrant is read."""

import os
import resource
from typing import Any

OPEN_FILES = 256
USER = 1000  # who the entry is, seen from inside


def confine(limits: dict[str, Any]) -> None:
    """Give up the powers that were left for starting, and accept the limits for good."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    for name, value in (
        ("AS", limits["memory_mib"] << 20),
        ("NPROC", limits["processes"]),
        ("FSIZE", limits["file_mib"] << 20),
        ("CPU", limits["cpu_seconds"]),
        ("NOFILE", OPEN_FILES),
        ("CORE", 0),
    ):
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # At the soft limit on processor time comes a signal that tells of it; a second later there is no asking.
        resource.setrlimit(kind, (value, value + 1 if name == "CPU" and value != hard else value))
