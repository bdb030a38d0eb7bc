"""Return nothing."""
# finding: too_few

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.zeros((0, 28, 28), "float32")
