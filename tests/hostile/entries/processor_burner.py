"""Burn processor time in many calls."""
# finding: cpu_limit
# limits: cpu_seconds=1


class SubmissionInterface:
    def generate_samples(self, n_samples):
        while True:
            pass
