"""Return lists that take long to read."""
# finding: not_an_array


class SubmissionInterface:
    def generate_samples(self, n_samples):
        return [[0.0] * 784] * n_samples
