"""Read memory and environment of other processes."""
# finding: raises
# says: processes seen

import os
from contextlib import suppress
from pathlib import Path


class SubmissionInterface:
    def __init__(self):
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(PermissionError):  # which only holds it better
                if int(process.name) not in (1, os.getpid()) and b"worker.py" not in (process / "cmdline").read_bytes():
                    print("ESCAPED", process, (process / "cmdline").read_bytes())
        raise RuntimeError(f"{len(list(Path('/proc').glob('[0-9]*')))} processes seen")
