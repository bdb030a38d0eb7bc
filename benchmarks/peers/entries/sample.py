"""The contest's sample network: a fully connected VAE with 3 latents, and a velocity that takes 99 Euler steps.

438,553 parameters, as many as the row "sample" has on the board of 2025.
"""

import torch
from safetensors.torch import load_file
from torch import nn

LATENT = 3
STEPS = 99


class VAE(nn.Module):
    """784-256-64-2x3 and 3-64-256-784."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT)
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, 64), nn.ReLU(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 784)
        )

    def posterior(self, images):
        """Images (B, 1, 28, 28) in [0, 1] to mean and log variance, each (B, 3)."""
        return self.encoder(images).chunk(2, dim=1)

    def logits(self, z):
        """Latents (B, 3) to logits of images (B, 1, 28, 28)."""
        return self.decoder(z).view(-1, 1, 28, 28)


class Velocity(nn.Module):
    """4-32-32-32-3."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(LATENT + 1, 32),
            nn.ReLU(),
            nn.Linear(32, 32),
            nn.ReLU(),
            nn.Linear(32, 32),
            nn.ReLU(),
            nn.Linear(32, LATENT),
        )

    def forward(self, x, t):
        """dx/dt at x (B, 3) and times t (B, 1)."""
        return self.net(torch.cat([x, t], dim=1))


def generate(vae, velocity, n, steps=STEPS):
    """n images (n, 1, 28, 28) in [0, 1], from noise by Euler's method."""
    z = torch.randn(n, LATENT)
    for i in range(steps):
        z = z + velocity(z, torch.full((n, 1), i / steps)) / steps
    return vae.logits(z).sigmoid()


class SubmissionInterface(nn.Module):
    """The entry, as the contest's evaluator calls it."""

    def __init__(self):
        super().__init__()
        self.info = {"team": "the contest's sample network", "names": ""}
        self.latent_dim = LATENT
        self.load_vae()
        self.load_flow_model()
        self.eval()

    def load_vae(self):
        self.vae = VAE()
        self.vae.load_state_dict(load_file("vae.safetensors"))

    def load_flow_model(self):
        self.flow_model = Velocity()
        self.flow_model.load_state_dict(load_file("flow.safetensors"))

    def generate_samples(self, n_samples, n_steps=STEPS):
        return generate(self.vae, self.flow_model, n_samples, n_steps)

    def encode(self, images):
        return self.vae.posterior(images)[0]

    def decode(self, latents):
        return self.vae.logits(latents).sigmoid()
