"""What each stage minimises at step number s, and what is measured of it on the validation split.

Each objective is a function of the step alone: which rows it sees and which noise it draws are addressed by
(seed, stage, step), see `flowleague.model.randomness`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData
from flowleague.model.autoencoder import VAE, kl_to_standard_normal, vae_loss
from flowleague.model.randomness import epoch_rows, generator
from flowleague.model.source import clustered, in_cluster
from flowleague.model.velocity import Velocity
from flowleague.training.augmentation import warp
from flowleague.training.device import training_precision
from flowleague.training.features import Critic
from flowleague.training.matching import couple, matching_loss, sample_times

VAE_STAGE, FLOW_STAGE, VALIDATION, CRITIC_STAGE, TUNE_STAGE = 1, 2, 3, 4, 5  # first after the seed in every address
Loss = Callable[[int], Tensor]


@dataclass(frozen=True)
class Digits:
    """All training images on the device as bytes (N, 1, 28, 28), the validation images as floats in [0, 1], labels."""

    train: Tensor
    validation: Tensor
    train_labels: Tensor
    validation_labels: Tensor

    @classmethod
    def on(cls, device: torch.device, data: TrainingData) -> "Digits":
        """Move both splits to the device, once."""
        train = torch.tensor(data.train.images, device=device)[:, None]
        labels = (torch.tensor(split.labels, device=device).long() for split in (data.train, data.validation))
        return cls(train, torch.tensor(data.validation.pixels(), device=device), *labels)

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.train.device

    @property
    def classes(self) -> int:
        """How many classes the labels tell apart."""
        return int(max(self.train_labels.max(), self.validation_labels.max())) + 1

    def pixels(self, rows: Tensor | slice) -> Tensor:
        """Training images as floats in [0, 1], (B, 1, 28, 28)."""
        return self.train[rows].float() / 255


@dataclass(frozen=True)
class Latents:
    """Posterior mu and log sigma^2 of a whole split in the flow's normalised space, each (N, D), and its labels."""

    mu: Tensor
    log_var: Tensor
    labels: Tensor


def vae_objective(vae: VAE, digits: Digits, recipe: Recipe) -> Loss:
    """The VAE's loss on the batch of a step."""
    settings, device, n = recipe.vae, digits.device, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(recipe.seed, VAE_STAGE, n, settings.batch, step).to(device)
        rng = generator(device, recipe.seed, VAE_STAGE, step)
        noise = torch.randn(settings.batch, settings.latent, generator=rng, device=device)
        with training_precision(device, dense=settings.block == "dense"):
            return vae_loss(vae, digits.pixels(rows), noise, settings.kl_weight)[0]

    return loss_at


@torch.no_grad()
def validate_vae(vae: VAE, digits: Digits, recipe: Recipe) -> dict[str, float]:
    """Of the validation images: MSE of a pixel through the posterior mean, KL in nats an image, and their loss."""
    mse = kl = 0.0
    for images in digits.validation.split(1000):
        mu, log_var = vae.posterior(images)
        mse += float((vae.decode(mu) - images).square().mean()) * len(images)
        kl += float(kl_to_standard_normal(mu, log_var).sum())
    mse, kl = mse / len(digits.validation), kl / len(digits.validation)
    return {"mse": mse, "kl": kl, "loss": mse + recipe.vae.kl_weight * kl}


def critic_objective(critic: Critic, digits: Digits, recipe: Recipe) -> Loss:
    """The critic's cross entropy on the batch of a step, its images warped: what it learns must not be their pixels."""
    settings, n = recipe.critic, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(recipe.seed, CRITIC_STAGE, n, settings.batch, step).to(digits.device)
        images = warp(digits.pixels(rows), generator(digits.device, recipe.seed, CRITIC_STAGE, step))
        with training_precision(digits.device):
            return F.cross_entropy(critic(images), digits.train_labels[rows])

    return loss_at


@torch.no_grad()
def validate_critic(critic: Critic, digits: Digits) -> dict[str, float]:
    """Share of the validation images whose class the critic reads right."""
    critic.eval()
    read = torch.cat([critic(images).argmax(1) for images in digits.validation.split(500)])
    critic.train()
    return {"accuracy": float((read == digits.validation_labels).float().mean())}


@torch.no_grad()
def encode_split(vae: VAE, images: Tensor, labels: Tensor) -> Latents:
    """Posterior of all images, bytes or floats (N, 1, 28, 28), not yet normalised."""
    parts = []
    for batch in images.split(1000):
        pixels = batch if batch.is_floating_point() else batch.float() / 255
        parts.append(vae.posterior(pixels))
    mu, log_var = zip(*parts, strict=True)
    return Latents(torch.cat(mu), torch.cat(log_var), labels)


def encode_digits(vae: VAE, velocity: Velocity, digits: Digits, recipe: Recipe) -> tuple[Latents, Latents]:
    """Encode train and validation once, store the normalisation in the velocity network, and apply it."""
    train = encode_split(vae, digits.train, digits.train_labels)
    validation = encode_split(vae, digits.validation, digits.validation_labels)
    velocity.fit_normalisation(train.mu, train.log_var if recipe.flow.targets == "sample" else None)
    shift = 2 * velocity.std.log()
    return (
        Latents(velocity.normalise(train.mu), train.log_var - shift, train.labels),
        Latents(velocity.normalise(validation.mu), validation.log_var - shift, validation.labels),
    )


def draw_targets(latents: Latents, rows: Tensor, targets: str, rng: torch.Generator) -> Tensor:
    """x_1 of some rows, (B, D): the posterior's mean, or a sample of it."""
    mu = latents.mu[rows]
    if targets == "mean":
        return mu
    noise = torch.randn(mu.shape, generator=rng, device=mu.device)
    return mu + (0.5 * latents.log_var[rows]).exp() * noise


def draw_source(latents: Latents, rows: Tensor, clusters: int, rng: torch.Generator) -> Tensor:
    """x_0 for the targets of some rows, (B, D): noise of the cluster of their class."""
    noise = torch.randn(len(rows), latents.mu.shape[1], generator=rng, device=latents.mu.device)
    return clustered(in_cluster(noise, latents.labels[rows], clusters), clusters)


def flow_objective(velocity: Velocity, latents: Latents, recipe: Recipe) -> Loss:
    """The flow matching loss on the batch of a step."""
    settings, device, n = recipe.flow, latents.mu.device, len(latents.mu)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(recipe.seed, FLOW_STAGE, n, settings.batch, step).to(device)
        rng = generator(device, recipe.seed, FLOW_STAGE, step)
        x_1 = draw_targets(latents, rows, settings.targets, rng)
        x_0 = draw_source(latents, rows, settings.clusters, rng)
        if settings.coupling == "ot":
            x_0 = couple(x_0, x_1)
        t = sample_times(settings.batch, settings.time, rng)
        with training_precision(device):
            return matching_loss(velocity, x_0, x_1, t)

    return loss_at


@torch.no_grad()
def validate_flow(velocity: Velocity, latents: Latents, recipe: Recipe) -> dict[str, float]:
    """The flow matching loss on the validation latents: uniform times, no transport, the same noise at every call."""
    rng = generator(latents.mu.device, 0, VALIDATION)
    losses = []
    for _ in range(4):
        rows = torch.arange(len(latents.mu), device=latents.mu.device)
        x_1 = draw_targets(latents, rows, recipe.flow.targets, rng)
        x_0 = draw_source(latents, rows, recipe.flow.clusters, rng)
        losses.append(float(matching_loss(velocity, x_0, x_1, sample_times(len(x_1), "uniform", rng))))
    return {"loss": sum(losses) / len(losses)}
