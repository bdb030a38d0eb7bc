"""Print a gigabyte."""
# finding: none

import os

import numpy as np


class SubmissionInterface:
    def __init__(self):
        for _ in range(1024):
            os.write(1, b"x" * 2**20)

    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28).astype("float32")
