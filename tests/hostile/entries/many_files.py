"""Open files without end."""
# finding: raises
# says: Too many open files


class SubmissionInterface:
    def __init__(self):
        held = []
        while True:
            held.append(open("/dev/null"))
