"""Load a pickle that runs a program."""
# finding: raises
# says: loaded

import pickle


class SubmissionInterface:
    def __init__(self):
        pickle.loads(b"cposix\nsystem\n(S'touch /var/tmp/flowleague-canary'\ntR.")
        raise RuntimeError("loaded")
