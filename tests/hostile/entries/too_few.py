"""Return fewer images than asked for."""
# finding: too_few

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(n_samples - 1, 28, 28)
