"""Hide memory in a file without a name."""
# finding: raises
# says: Operation not permitted

import os


class SubmissionInterface:
    def __init__(self):
        os.memfd_create("hidden")
