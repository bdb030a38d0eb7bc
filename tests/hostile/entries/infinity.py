"""Return infinity, as doubles that do not fit."""
# finding: not_finite

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.full((n_samples, 28, 28), 1e300)
