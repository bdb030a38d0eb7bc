"""Write rubbish into the pipe."""
# finding: forged_reply
# says: right signs

import sys

import numpy as np


def pipes():
    """The worker's own end of the pipes."""
    return sys.modules["served_files"].fetch.__self__


class SubmissionInterface:
    def generate_samples(self, n_samples):
        pipes().send(bytes(range(256)))
