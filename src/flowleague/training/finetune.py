"""The last stage: velocity and decoder are tuned together for the few steps that the sampler really takes.

Flow matching trains v for the exact solution of dx/dt = v, in latents, where all directions count the same. With four
Euler steps and a decoder behind them something better can be asked for, namely that the images drawn have the law of
the images given. The loss is the squared energy distance between both (Székely & Rizzo 2013), which is the maximum
mean discrepancy with the kernel -|a - b| (Sejdinovic et al. 2013) and is 0 only when the laws agree,

    D²(P, Q) = 2 E|a - b| - E|a - a'| - E|b - b'|        a, a' ~ P drawn,  b, b' ~ Q real

in each of the critic's views of an image (a mean over views, each in units of the typical distance between two real
images there), plus the reconstruction error, which holds the decoder to the codes that it was trained for:

    L = Σ_k w_k D²_k / scale_k + reconstruction * MSE(x, decoder(mu(x)))

The gradient goes back through decoder and solver to the velocity (Sampling as in Li et al. 2015, generative moment
matching). It is an unbiased estimate: the sums leave out an image's distance to itself. The encoder stays as it is,
and without `tune.decoder` the decoder too; then there is no second term.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from flowleague.bundle.recipe import Recipe
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import epoch_rows, generator
from flowleague.model.sampler import at_one_time, solve
from flowleague.model.source import clustered
from flowleague.training.device import training_precision
from flowleague.training.features import Critic
from flowleague.training.objectives import TUNE_STAGE, VALIDATION, Digits, Loss

WEIGHTS = (1.0, 1.0, 1.0, 0.3)  # of the critic's views
SUMMARIES = 4096  # real images that a step compares with by the summary, which is computed once for all
SCALE_ROWS = 1000  # real images from which the scales are measured


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """Unbiased estimate of the squared energy distance of two samples (n, F) and (m, F), a scalar; n, m > 1."""
    n, m = len(a), len(b)
    within_a = torch.cdist(a, a).sum() / (n * (n - 1))
    within_b = torch.cdist(b, b).sum() / (m * (m - 1))
    return 2 * torch.cdist(a, b).mean() - within_a - within_b


def draw(model: LatentFlow, noise: Tensor) -> Tensor:
    """Images (B, 1, 28, 28) from noise (B, D) by the recipe's own solver and steps, with gradients."""
    flow = model.recipe.flow
    x_0 = clustered(noise, flow.clusters)
    x_1 = solve(at_one_time(model.velocity), x_0, flow.solver, flow.steps)
    return model.vae.decode(model.velocity.denormalise(x_1))


@dataclass(frozen=True)
class Views:
    """A frozen critic, its summaries of all training images (N, F), and the typical distance in each view."""

    critic: Critic
    summaries: Tensor
    scales: tuple[float, ...]

    @classmethod
    @torch.no_grad()
    def of(cls, critic: Critic, digits: Digits) -> "Views":
        """Look at all training images, once."""
        critic.eval().requires_grad_(False)
        summaries = torch.cat(
            [critic.summary(digits.pixels(rows)) for rows in torch.arange(len(digits.train)).split(1000)]
        )
        half = min(SCALE_ROWS, len(digits.train) // 2)
        one, other = (critic.views(digits.pixels(slice(k * half, (k + 1) * half))) for k in (0, 1))
        scales = tuple(float(torch.cdist(a, b).mean()) for a, b in zip(one, other, strict=True))
        return cls(critic, summaries, scales)

    def distance(self, drawn: Tensor, real: Tensor, summaries: Tensor | None = None) -> Tensor:
        """The weighted distance between images (n, 1, 28, 28) and (m, 1, 28, 28); `summaries` adds real ones."""
        a = self.critic.views(drawn)
        with torch.no_grad():
            b = self.critic.views(real)
        if summaries is not None:
            b[0] = summaries
        terms = [
            weight * energy_distance(one, other) / scale
            for weight, one, other, scale in zip(WEIGHTS, a, b, self.scales, strict=True)
        ]
        return torch.stack(terms).sum()


def tune_objective(model: LatentFlow, views: Views, digits: Digits, recipe: Recipe) -> Loss:
    """The loss on the batch of a step."""
    settings, device, n = recipe.tune, digits.device, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rng = generator(device, recipe.seed, TUNE_STAGE, step)
        noise = torch.randn(settings.batch, recipe.vae.latent, generator=rng, device=device)
        others = torch.randint(n, (SUMMARIES,), generator=rng, device=device)
        real = digits.pixels(epoch_rows(recipe.seed, TUNE_STAGE, n, settings.batch, step).to(device))
        with training_precision(device, dense=recipe.vae.block == "dense"):
            distance = views.distance(draw(model, noise), real, views.summaries[others])
            if not settings.decoder:
                return distance
            return distance + settings.reconstruction * reconstruction_error(model, real)

    return loss_at


def reconstruction_error(model: LatentFlow, images: Tensor) -> Tensor:
    """Mean squared error of a pixel through the posterior mean, a scalar; no gradient reaches the encoder."""
    with torch.no_grad():
        z = model.vae.posterior(images)[0]
    return F.mse_loss(model.vae.decode(z), images)


@torch.no_grad()
def validate_tuning(model: LatentFlow, views: Views, digits: Digits) -> dict[str, float]:
    """Distance of samples, the same noise at every call, to the validation images, and the MSE of those."""
    rng, real = generator(digits.device, 0, VALIDATION, 1), digits.validation[:2000]
    noise = torch.randn(len(real), model.recipe.vae.latent, generator=rng, device=digits.device)
    drawn = torch.cat([draw(model, part) for part in noise.split(500)])
    errors = [float(reconstruction_error(model, part)) * len(part) for part in real.split(500)]
    return {"distance": float(views.distance(drawn, real)), "mse": sum(errors) / len(real)}
