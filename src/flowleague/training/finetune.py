"""Few-step fine-tuning: velocity and decoder together, for the few steps that the sampler takes.

Flow matching trains v for the exact solution of dx/dt = v, in latents, where all directions count the same. With a few
steps and a decoder behind them a more direct aim is possible: generated images should have the distribution of real
ones. The loss is the energy distance D² between both in the views of the feature network
(`flowleague.training.features`), plus the reconstruction error, which holds the decoder to the latents it was trained
for:

    L = Σ_k w_k D²_k / scale_k + reconstruction * MSE(x, decoder(mu(x)))

The gradient goes back through decoder and solver to the velocity (generative moment matching, Li et al. 2015). The
estimate is unbiased: the sums leave out the distance of an image to itself. The encoder is frozen; without
`tune.decoder` the decoder is frozen too, and there is no second term.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from flowleague.bundle.recipe import TuneRecipe
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import generator
from flowleague.training.device import training_precision
from flowleague.training.features import Views
from flowleague.training.objectives import VALIDATION, Digits, Loss, epoch_rows, is_matrix_heavy

_SUMMARIES = 4096  # real images that a step compares with by their summaries, which are computed once
_TUNE = 5  # in addresses, see `flowleague.training.objectives`


def tune_objective(model: LatentFlow, views: Views, digits: Digits, recipe: TuneRecipe, seed: int) -> Loss:
    """The loss on the batch of a step."""
    device, n = digits.device, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rng = generator(device, seed, _TUNE, step)
        noise = torch.randn(recipe.batch, model.recipe.vae.latent, generator=rng, device=device)
        others = torch.randint(n, (_SUMMARIES,), generator=rng, device=device)
        real = digits.pixels(epoch_rows(seed, _TUNE, n, recipe.batch, step).to(device))
        with training_precision(device, matrix_heavy=is_matrix_heavy(model.vae)):
            distance = views.distance(model.draw(noise), real, views.summaries[others])
            if not recipe.decoder:
                return distance
            return distance + recipe.reconstruction * _reconstruction_error(model, real)

    return loss_at


def _reconstruction_error(model: LatentFlow, images: Tensor) -> Tensor:
    """Pixel MSE through the posterior mean, a scalar; no gradient reaches the encoder."""
    with torch.no_grad():
        z = model.vae.posterior(images)[0]
    return F.mse_loss(model.vae.decode(z), images)


@torch.no_grad()
def validate_tuning(model: LatentFlow, views: Views, digits: Digits) -> dict[str, float]:
    """Distance of samples, the same noise at every call, to validation images, and the pixel MSE of those."""
    rng, real = generator(digits.device, 0, VALIDATION, 1), digits.validation[:2000]
    noise = torch.randn(len(real), model.recipe.vae.latent, generator=rng, device=digits.device)
    drawn = torch.cat([model.draw(part) for part in noise.split(500)])
    errors = [float(_reconstruction_error(model, part)) * len(part) for part in real.split(500)]
    return {"distance": float(views.distance(drawn, real)), "mse": sum(errors) / len(real)}
