"""Return an array of objects with code in them."""
# finding: wrong_type

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.full((n_samples, 28, 28), object())
