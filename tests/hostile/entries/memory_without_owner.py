"""Hide memory in shared pages that no process counts."""
# finding: raises
# says: Operation not permitted

import mmap


class SubmissionInterface:
    def __init__(self):
        mmap.mmap(-1, 2**30)
