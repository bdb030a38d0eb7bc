"""Loop for ever while loading, deaf to signals."""
# finding: too_slow
# limits: start_seconds=1

import signal


class SubmissionInterface:
    def __init__(self):
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        while True:
            pass
