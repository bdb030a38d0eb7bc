"""Take all memory in many processes, each within its limit."""
# finding: out_of_memory
# limits: memory_mib=500

import os
import time


class SubmissionInterface:
    def __init__(self):
        for _ in range(8):
            if os.fork() == 0:
                held = b"x" * (200 * 2**20)
                time.sleep(1000)
        time.sleep(1000)
