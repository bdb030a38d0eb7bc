"""Claim a failure of a name that does not exist, with signs for the terminal."""
# finding: stale_reply forged_reply

import sys


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        wire = sys.modules["wire"]
        said = {"name": "first_place", "said": "\x1b[2J\x1b[31mwon\x07"}
        pipes().send(wire.pack_text(wire.RAISED, pipes().nonce, said))
