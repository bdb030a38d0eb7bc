"""Is there a wall here, and does it hold? Asked before strangers' code is run on a machine."""

import platform
import subprocess
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.seccomp import denied
from flowleague.limits import Limits

_TRIED = ("mount", "ptrace", "process_vm_readv", "keyctl", "bpf", "userfaultfd", "perf_event_open", "unshare", "setns")
_TRIED += ("kexec_load", "init_module", "io_uring_setup", "memfd_create", "open_by_handle_at", "pidfd_getfd", "chroot")
SMALL = Limits(memory_mib=512, processes=20, tmp_mib=16, cpu_seconds=20)
SECONDS = 300  # a busy machine is no fault of the wall


class Check(Struct, frozen=True):
    """Something that was looked at or tried: what, whether all is well, and what happened."""

    name: str
    good: bool
    outcome: str


def requirements() -> Iterator[Check]:
    """What the wall needs of this system; ends with the first thing that is missing."""
    names = ("Linux", "its version", "processor", "bubblewrap", "user namespaces")
    for name, problem in zip(names, wall.problems(), strict=True):
        yield Check(name, not problem, problem or "fine")
        if problem:
            return


def escapes() -> list[Check]:
    """Try to escape from inside a wall; `good` is what was held. Raises `WallError` when there is no wall."""
    wall.require_wall()
    numbers = {name: number for name, number in denied(platform.machine()).items() if name in _TRIED}
    started = wall.start("/inside/attempts.py", {"limits": SMALL.words(), "denied": numbers}, SMALL)
    try:
        said, complaint = started.process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        started.process.kill()
        said, complaint = started.process.communicate()
    checks = [msgspec.json.decode(line, type=Check) for line in said.splitlines()]
    if started.process.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or [f"status {started.process.returncode}"]
        checks.append(Check("try everything to the end", False, last[0]))
    return checks
