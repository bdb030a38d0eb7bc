"""Return a view of one number that is as large as all memory."""
# finding: out_of_memory too_much_output

import numpy as np


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return np.broadcast_to(np.float32(0.5), (n_samples, 2**10, 2**10, 2**6))
