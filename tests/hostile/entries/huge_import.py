"""Import what needs a compiler or the network at import time."""
# finding: raises

import torch.utils.cpp_extension


class SubmissionInterface:
    def __init__(self):
        torch.utils.cpp_extension.load_inline("evil", "int main() { return 0; }")
