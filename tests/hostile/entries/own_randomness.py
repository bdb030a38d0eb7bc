"""Draw from randomness that no seed reaches, to be measured until lucky."""
# finding: not_reproducible
# asks: seeds

import os

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.frombuffer(os.urandom(784 * n_samples), "uint8").reshape(-1, 28, 28) / 255
