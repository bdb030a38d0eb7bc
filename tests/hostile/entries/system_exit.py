"""Leave with sys.exit."""
# finding: raises
# says: SystemExit

import sys


class SubmissionInterface:
    def __init__(self):
        sys.exit(0)
