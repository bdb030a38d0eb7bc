"""Send a second reply, for the next question."""
# finding: forged_reply
# says: before it was asked

import sys

import numpy as np


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        wire = sys.modules["wire"]
        samples = np.ones((n_samples, 28, 28), "float32")
        frame = wire.pack(wire.ARRAY, pipes().nonce, samples.tobytes(), samples.shape)
        pipes().send(frame + frame)
        return samples
