"""How many processors and how much memory this process may use: of the machine, and of its control group.

A container, a Slurm job or a notebook service has a part of a machine, which Linux keeps in files of the control group
(cgroup) and of all groups around it, in one of two versions:

              version 2, /sys/fs/cgroup              version 1, /sys/fs/cgroup/{cpu,memory}
    cores     cpu.max                                cpu.cfs_quota_us / cpu.cfs_period_us
    memory    memory.max - memory.current            memory.limit_in_bytes - memory.usage_in_bytes

Cached files that nobody has used for long (`inactive_file`) count as used there and are free all the same.
"""

import contextlib
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")
# Threads that spin while they wait slow training tenfold when another program uses a core. Those of GNU's OpenMP spin
# for some microseconds: idle cores train by a quarter to a half faster. Read when torch loads.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}


def usable_cores(root: Path = ROOT) -> int:
    """Logical processors for this process, at least one: those it may run on, within the groups' quota.

    `root` is where the system's files lie.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.floor(quota) for quota in _quotas(root))]))


def has_quota(root: Path = ROOT) -> bool:
    """Whether a group grants fewer processors than this process sees, so that as many threads would wait in turn."""
    return any(quota < (os.cpu_count() or 1) for quota in _quotas(root))


def free_memory_gib(root: Path = ROOT) -> float:
    """Memory that is free without swapping, within the groups' limits; where the system does not say, half of all."""
    return min([_free_of_machine(root), *_free_of_groups(root)])


def _free_of_machine(root: Path) -> float:
    with contextlib.suppress(OSError):
        found = re.search(r"MemAvailable:\s+(\d+) kB", (root / "proc/meminfo").read_text(encoding="utf-8"))
        if found:
            return int(found[1]) / 2**20
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**31
    return 4.0


def _quotas(root: Path) -> Iterator[float]:
    for group in _groups(root, "cpu"):
        quota, _, period = _words(group / "cpu.max").partition(" ")
        if not quota:
            quota, period = _words(group / "cpu.cfs_quota_us"), _words(group / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):  # not "max", nor -1
            yield int(quota) / int(period)


def _free_of_groups(root: Path) -> Iterator[float]:
    for group in _groups(root, "memory"):
        for limit, usage in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            most, used = _words(group / limit), _words(group / usage)
            if most.isdecimal() and used.isdecimal():
                cached = re.search(r"^(?:total_)?inactive_file (\d+)$", _words(group / "memory.stat"), re.MULTILINE)
                yield max(0, int(most) - int(used) + (int(cached[1]) if cached else 0)) / 2**30


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's group and of those around it, in both versions.

    In a container the path is often the one outside, and only the nearest folders are seen: what is not there is passed
    over, and the mount itself is the container's group.
    """
    mounts = root / "sys/fs/cgroup"
    for line in _words(root / "proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        own = PurePosixPath(path.lstrip("/"))
        if not controllers:
            tops = (mounts, mounts / "unified")
        else:
            tops = (mounts / controllers, mounts / controller) if controller in controllers.split(",") else ()
        for top in dict.fromkeys(tops):
            yield from (top / part for part in (own, *own.parents))


def _words(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return ""
