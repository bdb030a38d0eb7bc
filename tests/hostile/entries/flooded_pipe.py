"""Flood the pipe with a reply of a terabyte."""
# finding: too_much_output

import sys

import numpy as np


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        wire = sys.modules["wire"]
        shape = (2**20, 2**9, 2**9, 1)
        pipes().send(wire.HEADER.pack(wire.MAGIC, wire.ARRAY, 4, *shape, pipes().nonce, 2**40))
        while True:
            pipes().send(bytes(2**20))
