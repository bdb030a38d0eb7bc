"""Reply with a text where an array is due."""
# finding: forged_reply
# says: a text where an array is due

import os
import struct
import sys

HEADER = struct.Struct("<4sBBxx4I16sQ")
BODY = b'{"size": 0}'


class SubmissionInterface:
    def __init__(self):
        frame = sys._getframe()
        while "pipes" not in frame.f_locals:
            frame = frame.f_back
        self.pipes = frame.f_locals["pipes"]

    def generate_samples(self, n_samples):
        pipes = self.pipes
        pipes.send = lambda _: os.write(
            pipes._replies, HEADER.pack(b"FLW1", 12, 0, 0, 0, 0, 0, pipes.nonce, len(BODY)) + BODY
        )
