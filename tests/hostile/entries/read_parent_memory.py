"""Read the parent's memory."""
# finding: raises
# says: Error

import os


class SubmissionInterface:
    def __init__(self):
        with open(f"/proc/{os.getppid()}/mem", "rb") as file:
            file.seek(0x400000)
            file.read(16)
            print("ESCAPED")
