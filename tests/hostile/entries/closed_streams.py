"""Close the standard streams."""
# finding: none

import sys

import numpy as np


class SubmissionInterface:
    def __init__(self):
        sys.stdout.close()
        sys.stderr = None

    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28).astype("float32")
