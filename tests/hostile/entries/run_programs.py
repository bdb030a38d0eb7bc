"""Run programs of the machine."""
# finding: raises
# says: No such file

import subprocess


class SubmissionInterface:
    def __init__(self):
        subprocess.run(["/bin/sh", "-c", "id"], check=True)
