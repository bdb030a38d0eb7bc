"""Sleep for ever in a call, using nothing."""
# finding: too_slow
# limits: call_seconds=1

import time


class SubmissionInterface:
    def generate_samples(self, n_samples):
        time.sleep(1e9)
