"""Return an array of six dimensions."""
# finding: wrong_shape

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 1, 28, 28, 1, 1)
