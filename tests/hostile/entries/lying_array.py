"""Return an array that lies about its bytes."""
# finding: none

import numpy as np


class Liar(np.ndarray):
    def tobytes(self, *order):
        return b"short"


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.random.rand(n_samples, 28, 28).astype("float32").view(Liar)
