# %% [markdown]
# # Team "Latent Lovers": MLP VAE, 16 latents
import os

import gdown
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

LATENT_DIM = 16
VAE_LINK = "https://drive.google.com/file/d/1MlpVaeAAAAAAAAAAAAAAAAAAAAAAAAAA/view?usp=sharing"
FLOW_LINK = "https://drive.google.com/file/d/1MlpFlowAAAAAAAAAAAAAAAAAAAAAAAAA/view?usp=sharing"


class VAE(nn.Module):
    def __init__(self, latent_dim=16, hidden=64):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(784, hidden), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden, latent_dim), nn.Linear(hidden, latent_dim)
        self.dec = nn.Sequential(nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid())

    def encode(self, x):
        h = self.enc(x.view(x.size(0), -1))
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.dec(z).view(-1, 1, 28, 28)


class FlowModel(nn.Module):
    def __init__(self, dim=16, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim + 1, hidden), nn.SiLU(), nn.Linear(hidden, dim))

    def forward(self, x, t):
        return self.net(torch.cat([x, t.expand(x.size(0), 1)], dim=1))


def rk4_step(f, y, t, dt):
    k1 = f(y, t)
    k2 = f(y + 0.5 * dt * k1, t + 0.5 * dt)
    k3 = f(y + 0.5 * dt * k2, t + 0.5 * dt)
    k4 = f(y + dt * k3, t + dt)
    return y + (dt / 6) * (k1 + 2 * k2 + 2 * k3 + k4)


class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        self.info = {"team": "Latent Lovers", "names": "A. Student"}
        self.latent_dim = LATENT_DIM
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.load_vae()
        self.load_flow_model()

    def load_vae(self):
        self.vae = VAE(self.latent_dim)
        if not os.path.exists("vae.safetensors"):
            gdown.download(VAE_LINK, "vae.safetensors", quiet=False, fuzzy=True)
        self.vae.load_state_dict(load_file("vae.safetensors"))
        self.vae.eval()

    def load_flow_model(self):
        self.flow_model = FlowModel(self.latent_dim)
        if not os.path.exists("flow.safetensors"):
            gdown.download(FLOW_LINK, "flow.safetensors", quiet=False, fuzzy=True)
        self.flow_model.load_state_dict(load_file("flow.safetensors"))
        self.flow_model.eval()

    def generate_samples(self, n_samples, n_steps=4):
        z = torch.randn(n_samples, self.latent_dim, device=self.device)
        for i in range(n_steps):
            z = rk4_step(self.flow_model, z, torch.tensor([[i / n_steps]]), 1 / n_steps)
        return self.decode(z).view(-1, 28, 28)

    def encode(self, images):
        return self.vae.encode(images.to(self.device))[0]

    def decode(self, latents):
        return self.vae.decode(latents)

    def to(self, device):
        self.device = device
        return super().to(device)
