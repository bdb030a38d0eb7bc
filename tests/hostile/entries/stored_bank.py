"""Return stored digits in the order in which they are stored."""
# finding: ignores_seed
# asks: seeds

import numpy as np

BANK = np.random.default_rng(0).random((100, 28, 28), np.float32)


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.resize(BANK, (n_samples, 28, 28))
