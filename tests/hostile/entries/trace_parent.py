"""Trace the parent."""
# finding: raises
# says: not permitted

import ctypes
import os


class SubmissionInterface:
    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, os.getppid(), None, None) == 0:
            print("ESCAPED")
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
