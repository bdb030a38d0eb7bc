"""Return more images than asked for, to be chosen from."""
# finding: wrong_shape

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(2 * n_samples, 28, 28)
