"""Read the machine's accounts."""
# finding: raises
# says: FileNotFoundError


class SubmissionInterface:
    def __init__(self):
        open("/etc/shadow").read()
