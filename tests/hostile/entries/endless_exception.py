"""Raise an exception whose text never ends."""
# finding: raises
# says: Endless


class Endless(Exception):
    def __str__(self):
        return "x" * 10**8


class SubmissionInterface:
    def generate_samples(self, n_samples):
        raise Endless
