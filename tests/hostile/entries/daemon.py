"""Leave a process behind that belongs to nobody."""
# finding: none

import os
import time

import numpy as np


class SubmissionInterface:
    def __init__(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)

    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28).astype("float32")
