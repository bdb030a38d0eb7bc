"""Return huge numbers as pixels."""
# finding: ignores_seed
# asks: seeds

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28) * 1e30
