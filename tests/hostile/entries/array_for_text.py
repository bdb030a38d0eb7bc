"""Reply with an array where a text is due."""
# finding: forged_reply
# says: an array where a text is due

import os
import struct
import sys

HEADER = struct.Struct("<4sBBxx4I16sQ")


class SubmissionInterface:
    def __init__(self):
        frame = sys._getframe()
        while "pipes" not in frame.f_locals:
            frame = frame.f_back
        pipes = frame.f_locals["pipes"]
        pipes.send = lambda _: os.write(pipes._replies, HEADER.pack(b"FLW1", 11, 1, 2, 0, 0, 0, pipes.nonce, 8) + bytes(8))
