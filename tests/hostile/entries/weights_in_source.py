"""Carry the weights in the text of the source."""
# finding: parameters_disagree
# asks: facts

import base64

DATA = base64.b64decode("AAAA" * 50_000)


class SubmissionInterface:
    data = DATA
