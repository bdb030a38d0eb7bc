"""A regularised autoencoder with pythae's default networks, and the mixture of Gaussians that its sampler fits.

784-512-16 and 16-512-784 with ReLU; Ghosh et al., From Variational to Deterministic Autoencoders, ICLR 2020.
"""

import torch
from safetensors.torch import load_file
from torch import nn

LATENT = 16


class Autoencoder(nn.Module):
    """Fully connected, one hidden layer a side."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid())


class Mixture(nn.Module):
    """K Gaussians of D dimensions; of the factors L L^T = covariance only the lower triangles are stored."""

    def __init__(self, weights, means, triangles):
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)  # (K,), sum 1
        self.means = nn.Parameter(means, requires_grad=False)  # (K, D)
        self.triangles = nn.Parameter(triangles, requires_grad=False)  # (K, D (D + 1) / 2)

    def forward(self, n):
        """n draws (n, D)."""
        K, D = self.means.shape
        factors = torch.zeros(K, D, D)
        factors[:, *torch.tril_indices(D, D)] = self.triangles
        k = torch.multinomial(self.weights, n, replacement=True)
        return self.means[k] + torch.einsum("nij,nj->ni", factors[k], torch.randn(n, D))


class SubmissionInterface(nn.Module):
    """The entry, as the contest's evaluator calls it."""

    def __init__(self):
        super().__init__()
        self.info = {"team": "pythae's RAE", "names": ""}
        self.latent_dim = LATENT
        self.load_vae()
        self.load_flow_model()

    def load_vae(self):
        self.vae = Autoencoder()
        self.vae.load_state_dict(load_file("vae.safetensors"))

    def load_flow_model(self):
        self.flow_model = Mixture(**load_file("flow.safetensors"))

    def generate_samples(self, n_samples):
        return self.decode(self.flow_model(n_samples))

    def encode(self, images):
        return self.vae.encoder(images)

    def decode(self, latents):
        return self.vae.decoder(latents).view(-1, 1, 28, 28)
