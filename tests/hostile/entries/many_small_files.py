"""Fill the kernel's memory with empty files, whose contents take no room."""
# finding: out_of_memory
# says: 20,000 files

import os


class SubmissionInterface:
    def generate_samples(self, n_samples):
        k = 0
        while True:
            os.close(os.open(f"/tmp/{k}", os.O_CREAT))
            k += 1
