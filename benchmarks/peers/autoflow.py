"""The peers that are a VAE and a velocity network of their own: `sample` and `winner`.

VAE       BCE + beta KL, summed over an image, with beta rising from 0 to 1 over the first half; Adam, batch 128
velocity  flow matching from N(0, I) to the means of the posteriors; Adam, batch 1024
"""

import time
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from benchmarks.peers.fit import fit, follow
from torch import Tensor, nn
from torch.optim import Adam

from flowleague.bundle.read import write_weights
from flowleague.data import TrainingData
from flowleague.training.objectives import Digits, kl_to_standard_normal, matching_loss

VAE_SHARE = 0.8  # of the budget
LEAST_SHARE = 0.1  # of it for the velocity, where encoding the training images took the rest


def train(entry: ModuleType, folder: Path, data: TrainingData, budget: float) -> None:
    """Train the networks of an entry; writes its weights."""
    digits = Digits.on(torch.device("cpu"), data)
    vae, velocity = entry.VAE(), entry.Velocity()
    start = time.process_time()
    train_vae(vae, digits, VAE_SHARE * budget)
    latents = encode(vae.eval(), digits)
    left = budget - (time.process_time() - start)  # what encoding took is counted too
    train_velocity(velocity, latents, max(left, LEAST_SHARE * budget))
    write_weights(folder / "vae.safetensors", vae)
    write_weights(folder / "flow.safetensors", velocity)


def train_vae(vae: Any, digits: Digits, seconds: float) -> None:
    def loss_at(rows: Tensor, done: float) -> Tensor:
        x = digits.pixels(rows)
        mu, log_var = vae.posterior(x)
        logits = vae.logits(mu + (0.5 * log_var).exp() * torch.randn_like(mu))
        bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        return bce + min(1.0, 2 * done) * kl_to_standard_normal(mu, log_var).mean()

    follow("VAE", fit(Adam(vae.parameters(), lr=2e-3), loss_at, len(digits.train), seconds=seconds, batch=128))


def train_velocity(velocity: nn.Module, latents: Tensor, seconds: float) -> None:
    def loss_at(rows: Tensor, _: float) -> Tensor:
        x_1 = latents[rows]
        t = torch.rand(len(rows))
        return matching_loss(lambda x_t, t: velocity(x_t, t[:, None]), torch.randn_like(x_1), x_1, t)

    follow("velocity", fit(Adam(velocity.parameters(), lr=3e-3), loss_at, len(latents), seconds=seconds, batch=1024))


@torch.no_grad()
def encode(vae: Any, digits: Digits) -> Tensor:
    """Means of the posteriors of all training images, (N, D)."""
    rows = torch.arange(len(digits.train)).split(250)
    return torch.cat([vae.posterior(digits.pixels(some))[0] for some in rows])
