"""Let the decoder answer what it is shown first in another way than what comes later."""
# finding: decoder_remembers
# says: two processes
# asks: reconstruct

import time

import torch


class SubmissionInterface:
    def encode(self, images):
        return images.flatten(1)[:, :3]

    def decode(self, latents):
        return torch.full((len(latents), 1, 28, 28), float(time.monotonic_ns() // 1000 % 1000) / 1000)
