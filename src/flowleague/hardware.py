"""The machine that a model was trained or measured on, as cards record it; without torch."""

import contextlib
import os
import platform
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """Operating system with architecture ("Linux x86_64"), the processor's model, and its number of logical cores.

    The processor is "unknown" and the cores are 0 where the system does not say.
    """

    system: str
    processor: str
    cores: int


def this_machine() -> Machine:
    """The machine of this process."""
    return Machine(f"{platform.system()} {platform.machine()}", _processor(), os.cpu_count() or 0)


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
