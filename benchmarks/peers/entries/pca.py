"""Principal components of the digits, and a mixture of Gaussians on them: linear, and without any flow.

Sizes are those of the weights. Images are clipped to [0, 1].
"""

import torch
from safetensors.torch import load_file
from torch import nn


class PCA(nn.Module):
    """z = (x - mean) A^T, and back."""

    def __init__(self, mean, components):
        super().__init__()
        self.mean = nn.Parameter(mean, requires_grad=False)  # (784,)
        self.components = nn.Parameter(components, requires_grad=False)  # (D, 784), orthonormal rows

    def encode(self, images):
        """Images (B, 1, 28, 28) to coordinates (B, D)."""
        return (images.flatten(1) - self.mean) @ self.components.T

    def decode(self, z):
        """Coordinates (B, D) to images (B, 1, 28, 28) in [0, 1]."""
        return (self.mean + z @ self.components).clamp(0, 1).view(-1, 1, 28, 28)


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
        self.info = {"team": "principal components", "names": ""}
        self.load_vae()
        self.load_flow_model()
        self.latent_dim = len(self.vae.components)

    def load_vae(self):
        self.vae = PCA(**load_file("vae.safetensors"))

    def load_flow_model(self):
        self.flow_model = Mixture(**load_file("flow.safetensors"))

    def generate_samples(self, n_samples):
        return self.decode(self.flow_model(n_samples))

    def encode(self, images):
        return self.vae.encode(images)

    def decode(self, latents):
        return self.vae.decode(latents)
