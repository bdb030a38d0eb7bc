"""Stay below the limit of each call, and take for ever in all."""
# finding: too_slow
# says: all calls together
# limits: call_seconds=60 total_seconds=1.5

import time

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        time.sleep(0.7)
        return np.random.rand(n_samples, 28, 28)
