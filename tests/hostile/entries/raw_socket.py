"""Listen to raw packets."""
# finding: raises
# says: not supported

import socket


class SubmissionInterface:
    def __init__(self):
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
