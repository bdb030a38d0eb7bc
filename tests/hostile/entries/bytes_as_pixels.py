"""Return pixels from 0 to 255."""
# finding: wrong_type

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.ones((n_samples, 28, 28), "uint8")
