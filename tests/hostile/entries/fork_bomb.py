"""Double processes without end."""
# finding: too_slow out_of_memory
# says: took longer|more than 20,000 files
# limits: start_seconds=1 processes=30

import os


class SubmissionInterface:
    def __init__(self):
        while True:
            try:
                os.fork()
            except OSError:
                pass
