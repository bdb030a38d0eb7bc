"""Double processes without end."""
# finding: too_slow
# limits: start_seconds=1 processes=30

import os


class SubmissionInterface:
    def __init__(self):
        while True:
            try:
                os.fork()
            except OSError:
                pass
