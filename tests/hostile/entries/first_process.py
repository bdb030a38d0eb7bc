"""Take over the first process of the tree, whose limits may be wider."""
# finding: raises
# says: held|Permission

import re
import resource
from pathlib import Path


class SubmissionInterface:
    def __init__(self):
        for line in Path("/proc/1/limits").read_text().splitlines():
            if re.match(r"Max (processes|address space|file size|cpu time)", line) and "unlimited" in line:
                print("ESCAPED", line)
        if int(Path("/proc/1/limits").read_text().partition("Max processes")[2].split()[0]) > 1000:
            print("ESCAPED processes")
        raise RuntimeError("held")
