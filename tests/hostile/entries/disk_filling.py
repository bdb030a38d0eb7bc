"""Fill the disk with many files."""
# finding: raises
# says: No space left
# limits: tmp_mib=16

import os


class SubmissionInterface:
    def __init__(self):
        for number in range(10**6):
            with open(f"{number}", "wb") as file:
                file.write(os.urandom(2**20))
