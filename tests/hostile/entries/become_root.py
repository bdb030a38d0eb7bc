"""Become root."""
# finding: raises
# says: Error

import os


class SubmissionInterface:
    def __init__(self):
        os.setuid(0)
