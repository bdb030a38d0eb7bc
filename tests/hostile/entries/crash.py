"""Crash the interpreter."""
# finding: ended
# says: signal 11

import ctypes


class SubmissionInterface:
    def generate_samples(self, n_samples):
        ctypes.string_at(0)
