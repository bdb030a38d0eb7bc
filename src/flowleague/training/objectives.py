"""What the VAE and the flow minimise at step number s, and what is measured of them on the validation split.

The VAE (Kingma & Welling 2013), with z = mu(x) + sigma(x) eps:

    L = MSE(x, decoder(z)) + kl_weight * KL(q(z|x) || N(0, I)) + ssim_weight * (1 - SSIM(x, decoder(z)))

Flow matching (Lipman et al. 2023; Liu et al. 2023; Albergo & Vanden-Eijnden 2023) on straight paths:

    x_t = (1 - t) x_0 + t x_1        t = 0 is noise, t = 1 is data
    L   = E || v(x_t, t) - (x_1 - x_0) ||^2 / D

with x_0 from the source, x_1 a training latent, paired by a coupling, and t uniform or logit-normal. Under a
non-uniform density p(t) the loss is an implicit weighting of times (Esser et al. 2024, section 3.1), so validation
always uses uniform t and the independent coupling: its values compare across recipes.

Each objective is a function of the step alone: the address (seed, stage, step) decides which rows it sees and which
noise it draws, see `flowleague.model.randomness`. Shapes: B images, D latent dimensions, N images of a split.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from flowleague.bundle.recipe import FlowRecipe, VAERecipe
from flowleague.data import TrainingData
from flowleague.model.autoencoder import VAE
from flowleague.model.randomness import generator
from flowleague.model.similarity import structural_similarity
from flowleague.model.source import clustered, in_cluster
from flowleague.model.velocity import Velocity
from flowleague.training.device import training_precision

_VAE, _FLOW = 1, 2  # first after the seed in every address; 4, 5 and 6 are of `features`, `finetune` and the judges
VALIDATION = 3
Loss = Callable[[int], Tensor]  # step -> scalar
Field = Callable[[Tensor, Tensor], Tensor]  # v(x (B, D), t (B,)) -> (B, D)


@dataclass(frozen=True)
class Digits:
    """Both splits on the device: training images as bytes (N, 1, 28, 28), validation images as floats in [0, 1]."""

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
        """The number of classes: the largest label plus one."""
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


def epoch_rows(seed: int, stage: int, n: int, batch: int, step: int) -> Tensor:
    """Indices (batch,) of the rows of step number `step` when n rows are visited in shuffled epochs.

    A batch may straddle two epochs. Every row is seen once before any is seen twice.

    >>> sorted(torch.cat([epoch_rows(0, 1, 6, 2, step) for step in range(3)]).tolist())
    [0, 1, 2, 3, 4, 5]
    """
    position = step * batch
    parts, wanted = [], batch
    while wanted:
        epoch, offset = divmod(position, n)
        part = _permutation(seed, stage, n, epoch)[offset : offset + wanted]
        parts.append(part)
        position += len(part)
        wanted -= len(part)
    return torch.cat(parts)


@lru_cache(maxsize=4)
def _permutation(seed: int, stage: int, n: int, epoch: int) -> Tensor:
    """The order of an epoch; the last two of two stages are cached."""
    return torch.randperm(n, generator=generator("cpu", seed, stage, epoch, 1))


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, I)) per image in nats, (B, D) to (B,); Kingma & Welling 2013, appendix B.

    >>> kl_to_standard_normal(torch.ones(1, 4), torch.zeros(1, 4))
    tensor([2.])
    """
    return 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(dim=1)


def vae_loss(
    vae: VAE, images: Tensor, noise: Tensor, kl_weight: float, ssim_weight: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, its pixel MSE and its KL (nats per image), each a scalar; `noise` (B, D) is standard normal.

    z = mu + sigma * noise is the reparameterisation of Kingma & Welling 2013, section 2.4.
    """
    mu, log_var = vae.posterior(images)
    decoded = vae.decode(mu + (0.5 * log_var).exp() * noise)
    mse, kl = F.mse_loss(decoded, images), kl_to_standard_normal(mu, log_var).mean()
    loss = mse + kl_weight * kl
    if ssim_weight:
        loss = loss + ssim_weight * (1 - structural_similarity(decoded, images).mean())
    return loss, mse, kl


def vae_objective(vae: VAE, digits: Digits, recipe: VAERecipe, seed: int) -> Loss:
    """The VAE's loss on the batch of a step."""
    device, n = digits.device, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(seed, _VAE, n, recipe.batch, step).to(device)
        noise = torch.randn(recipe.batch, recipe.latent, generator=generator(device, seed, _VAE, step), device=device)
        with training_precision(device, matrix_heavy=is_matrix_heavy(vae)):
            return vae_loss(vae, digits.pixels(rows), noise, recipe.kl_weight, recipe.ssim_weight)[0]

    return loss_at


def is_matrix_heavy(network: nn.Module) -> bool:
    """Whether a part of a network says that nearly all of its work is large matrix products."""
    return any(getattr(part, "matrix_heavy", False) for part in network.modules())


@torch.no_grad()
def validate_vae(vae: VAE, digits: Digits, recipe: VAERecipe) -> dict[str, float]:
    """On the validation split: pixel MSE through the posterior mean, KL in nats per image, and the whole loss."""
    mse = kl = unlike = 0.0
    for images in digits.validation.split(1000):
        mu, log_var = vae.posterior(images)
        decoded = vae.decode(mu)
        mse += float((decoded - images).square().mean()) * len(images)
        kl += float(kl_to_standard_normal(mu, log_var).sum())
        if recipe.ssim_weight:
            unlike += float((1 - structural_similarity(decoded, images)).sum())
    mse, kl, unlike = (value / len(digits.validation) for value in (mse, kl, unlike))
    return {"mse": mse, "kl": kl, "loss": mse + recipe.kl_weight * kl + recipe.ssim_weight * unlike}


@torch.no_grad()
def _encode_split(vae: VAE, images: Tensor, labels: Tensor) -> Latents:
    """Posterior of all images, bytes or floats (N, 1, 28, 28), not yet normalised."""
    parts = []
    for batch in images.split(1000):
        pixels = batch if batch.is_floating_point() else batch.float() / 255
        parts.append(vae.posterior(pixels))
    mu, log_var = zip(*parts, strict=True)
    return Latents(torch.cat(mu), torch.cat(log_var), labels)


def encode_digits(vae: VAE, velocity: Velocity, digits: Digits, targets: str) -> tuple[Latents, Latents]:
    """Encode train and validation once, store the normalisation in the velocity network, and apply it.

    `targets` is "mean" or "sample", as in the recipe.
    """
    train = _encode_split(vae, digits.train, digits.train_labels)
    validation = _encode_split(vae, digits.validation, digits.validation_labels)
    fit_normalisation(velocity, train.mu, train.log_var if targets == "sample" else None)
    shift = 2 * velocity.std.log()
    return (
        Latents(velocity.normalise(train.mu), train.log_var - shift, train.labels),
        Latents(velocity.normalise(validation.mu), validation.log_var - shift, validation.labels),
    )


@torch.no_grad()
def fit_normalisation(velocity: Velocity, mu: Tensor, log_var: Tensor | None = None) -> None:
    """Store mean and std per dimension of the latents (N, D); with `log_var`, of their posterior samples.

    The std is at least 1e-3, so that a dimension which the encoder does not use is not blown up.
    """
    variance = mu.var(dim=0) if log_var is None else mu.var(dim=0) + log_var.exp().mean(dim=0)
    velocity.mean.copy_(mu.mean(dim=0))
    velocity.std.copy_(variance.sqrt().clamp(min=1e-3))


def sample_times(n: int, density: str, rng: torch.Generator) -> Tensor:
    """n times in (0, 1), (n,), on the generator's device; `density` is "uniform" or "logit-normal".

    Both are stratified (one draw in each of n equal parts of probability, then shuffled), which keeps the density and
    lowers the variance of the loss (Kingma et al. 2021, appendix I.1).
    """
    strata = torch.arange(n, device=rng.device)
    u = (strata + torch.rand(n, generator=rng, device=rng.device)) / n
    u = u[torch.randperm(n, generator=rng, device=rng.device)]
    if density == "uniform":
        return u
    return torch.special.ndtri(u.double().clamp(1e-6, 1 - 1e-6)).sigmoid().float()


def couple(x_0: Tensor, x_1: Tensor) -> Tensor:
    """Minibatch optimal transport (Tong et al. 2024; Pooladian et al. 2023): reorder x_0 (B, D) to meet x_1 (B, D).

    The permutation minimises the sum of squared distances, so it never costs more than the pairs in their given order.
    """
    cost = torch.cdist(x_1, x_0).square()
    _, columns = linear_sum_assignment(cost.cpu().numpy())
    return x_0[torch.from_numpy(columns).to(x_0.device)]


def matching_loss(v: Field, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """Mean squared error of the velocity on straight paths, a scalar; x_0, x_1 (B, D), t (B,).

    >>> x_0, x_1 = torch.zeros(2, 3), torch.ones(2, 3)
    >>> matching_loss(lambda x_t, t: x_1 - x_0, x_0, x_1, torch.rand(2))
    tensor(0.)
    """
    x_t = torch.lerp(x_0, x_1, t[:, None])
    return (v(x_t, t) - (x_1 - x_0)).square().mean()


def _draw_targets(latents: Latents, rows: Tensor, targets: str, rng: torch.Generator) -> Tensor:
    """x_1 of some rows, (B, D): the posterior's mean, or a sample of it."""
    mu = latents.mu[rows]
    if targets == "mean":
        return mu
    noise = torch.randn(mu.shape, generator=rng, device=mu.device)
    return mu + (0.5 * latents.log_var[rows]).exp() * noise


def _draw_source(latents: Latents, rows: Tensor, clusters: int, rng: torch.Generator) -> Tensor:
    """x_0 for the targets of some rows, (B, D): noise from the cluster of their class."""
    noise = torch.randn(len(rows), latents.mu.shape[1], generator=rng, device=latents.mu.device)
    return clustered(in_cluster(noise, latents.labels[rows], clusters), clusters)


def flow_objective(velocity: Velocity, latents: Latents, recipe: FlowRecipe, seed: int) -> Loss:
    """The flow matching loss on the batch of a step."""
    device, n = latents.mu.device, len(latents.mu)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(seed, _FLOW, n, recipe.batch, step).to(device)
        rng = generator(device, seed, _FLOW, step)
        x_1 = _draw_targets(latents, rows, recipe.targets, rng)
        x_0 = _draw_source(latents, rows, recipe.clusters, rng)
        if recipe.coupling == "ot":
            x_0 = couple(x_0, x_1)
        t = sample_times(recipe.batch, recipe.time, rng)
        with training_precision(device):
            return matching_loss(velocity, x_0, x_1, t)

    return loss_at


@torch.no_grad()
def validate_flow(velocity: Velocity, latents: Latents, recipe: FlowRecipe) -> dict[str, float]:
    """The loss on the validation latents: uniform times, independent coupling, the same noise at every call."""
    rng = generator(latents.mu.device, 0, VALIDATION)
    losses = []
    for _ in range(4):
        rows = torch.arange(len(latents.mu), device=latents.mu.device)
        x_1 = _draw_targets(latents, rows, recipe.targets, rng)
        x_0 = _draw_source(latents, rows, recipe.clusters, rng)
        losses.append(float(matching_loss(velocity, x_0, x_1, sample_times(len(x_1), "uniform", rng))))
    return {"loss": sum(losses) / len(losses)}
