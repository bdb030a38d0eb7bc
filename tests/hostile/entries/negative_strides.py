"""Return a view that runs backwards through memory."""
# finding: none

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28)[::-1, ::-1, ::-1]
