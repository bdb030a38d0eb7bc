"""Few-step fine-tuning: velocity and decoder together, for the few steps that the sampler takes.

Flow matching trains v for the exact solution of dx/dt = v, in latents, where all directions count the same. With a few
steps and a decoder behind them a more direct aim is possible: generated images should have the distribution of real
ones. The loss is the energy distance D² between both in the views of the feature network
(`flowleague.training.features`), plus the reconstruction error, which holds the decoder to the latents it was trained
for:

    L = Σ_k w_k D²_k / scale_k + reconstruction * MSE(x, decoder(mu(x)))

Noise says by its cluster, and a latent of a cut flow by where the decoder tears it to, of which class the image is to
be; D² is then the mean of those within the classes. Without clusters all images are one class.

The gradient goes back through decoder and solver to the velocity (generative moment matching, Li et al. 2015). The
estimate is unbiased: the sums leave out the distance of an image to itself. The encoder is frozen; without
`tune.decoder` the decoder is frozen too, and there is no second term.

Where the flow is cut, the decoder is asked for more than samples. Three of four steps compare samples; the fourth
compares draws of the Gaussian fitted to the codes of training images, and each fourth of those midpoints of two codes.
The codes are those of the model as it is before the tuning, for codes that move with it swell; the reconstruction error
is taken where a few refining steps lead from them.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from flowleague.bundle.recipe import TuneRecipe
from flowleague.model.autoencoder import refined
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import generator
from flowleague.training.device import training_precision
from flowleague.training.features import Views
from flowleague.training.objectives import VALIDATION, Digits, Loss, epoch_rows, is_matrix_heavy

_SUMMARIES = 4096  # real images that a step compares with by their summaries, which are computed once
_TUNE = 5  # in addresses, see `flowleague.training.objectives`
REFINED = 3  # steps from a code, where the flow is cut
_TRAINED = 1.0  # the temperature: at another one the velocity would learn to undo it


def tune_objective(model: LatentFlow, views: Views, digits: Digits, recipe: TuneRecipe, seed: int) -> Loss:
    """The loss on the batch of a step."""
    device, n, flow = digits.device, len(digits.train), model.recipe.flow
    around = _Around.of(model, digits) if flow.cut < 1 else None

    def loss_at(step: int) -> Tensor:
        rng = generator(device, seed, _TUNE, step)
        noise = torch.randn(recipe.batch, model.recipe.vae.latent, generator=rng, device=device)
        others = torch.randint(n, (_SUMMARIES,), generator=rng, device=device)
        rows = epoch_rows(seed, _TUNE, n, recipe.batch, step).to(device)
        real = digits.pixels(rows)
        with training_precision(device, matrix_heavy=is_matrix_heavy(model.vae)):
            drawn, z = around.drawn(model, step, noise, rows) if around else (model.draw(noise, _TRAINED), noise)
            distance = views.distance_by_class(drawn, classes_of(z, flow.clusters), real, rows, others)
            if not (recipe.decoder or flow.cut < 1):
                return distance
            codes = model.guess(real) if around is None else around.codes[rows]
            return distance + recipe.reconstruction * _reconstruction_error(model, real, codes)

    return loss_at


def classes_of(z: Tensor, clusters: int) -> Tensor:
    """Of which class noise or latents of a cut flow (B, D) are to be: (B, K), 1 there and 0 elsewhere.

    Without clusters there is one class, K = 1.

    >>> classes_of(torch.tensor([[0.5, 2.0, 9.0]]), 2)
    tensor([[0., 1.]])
    """
    return F.one_hot(z[:, :clusters].argmax(1), clusters).float() if clusters else torch.ones_like(z[:, :1])


@dataclass(frozen=True)
class _Around:
    """The codes (N, D) of all training images, not refined, and the Gaussian fitted to them: mean and root."""

    codes: Tensor
    mean: Tensor
    root: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: LatentFlow, digits: Digits) -> "_Around":
        """Encode all training images, once."""
        rows = torch.arange(len(digits.train)).split(500)
        codes = torch.cat([model.guess(digits.pixels(some)) for some in rows])
        values, vectors = torch.linalg.eigh(torch.cov(codes.T))
        return cls(codes, codes.mean(0), vectors * values.clamp(min=0).sqrt())

    def drawn(self, model: LatentFlow, step: int, noise: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """What a step compares with real images, and the noise or latents (B, D) that it was drawn from.

        Samples in three of four steps; after them three times Gaussian draws, then midpoints, which are easier.
        """
        if step % 4 != 3:
            return model.draw(noise, _TRAINED), noise
        midway = step % 16 == 15
        z = (self.codes[rows] + self.codes[rows.roll(1)]) / 2 if midway else self.mean + noise @ self.root.T
        return model.decode_batch(z), z


def _reconstruction_error(model: LatentFlow, images: Tensor, codes: Tensor) -> Tensor:
    """Pixel MSE of images decoded from their codes, a scalar; no gradient reaches the encoder."""
    z = codes if model.recipe.flow.cut == 1 else refined(model.decode_batch, codes, images, REFINED)
    return F.mse_loss(model.decode_batch(z), images)


@torch.no_grad()
def validate_tuning(model: LatentFlow, views: Views, digits: Digits) -> dict[str, float]:
    """Distance of samples, the same noise at every call, to validation images, and the pixel MSE of those."""
    rng, real = generator(digits.device, 0, VALIDATION, 1), digits.validation[:2000]
    noise = torch.randn(len(real), model.recipe.vae.latent, generator=rng, device=digits.device)
    drawn = torch.cat([model.draw(part, _TRAINED) for part in noise.split(500)])
    errors = [float(_reconstruction_error(model, part, model.guess(part))) * len(part) for part in real.split(500)]
    return {"distance": float(views.distance(drawn, real)), "mse": sum(errors) / len(real)}
