"""Announce another length than the shape has."""
# finding: forged_reply
# says: does not fit

import sys

import numpy as np


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        wire = sys.modules["wire"]
        pipes().send(wire.HEADER.pack(wire.MAGIC, wire.ARRAY, 1, n_samples, 0, 0, 0, pipes().nonce, 12))
