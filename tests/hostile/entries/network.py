"""Connect to a host on the internet."""
# finding: raises
# says: not supported

import socket


class SubmissionInterface:
    def __init__(self):
        socket.create_connection(("1.1.1.1", 80), timeout=2)
