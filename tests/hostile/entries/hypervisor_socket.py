"""Talk to the host of a virtual machine; network namespaces do not hold that back."""
# finding: raises
# says: not supported

import socket


class SubmissionInterface:
    def __init__(self):
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((2, 22))
