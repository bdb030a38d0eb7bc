"""Become root in a namespace of one's own, and mount."""
# finding: raises
# says: not permitted

import ctypes
import os


class SubmissionInterface:
    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        for call in (lambda: libc.unshare(0x10000000), lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)):
            if call() == 0:
                print("ESCAPED")
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
