"""LatentFlow: a trained VAE and velocity network as one generator of images.

noise --source--> x_0 --solver--> x_1 --denormalise--> z --decoder--> image

Where the recipe cuts the flow at a time s < 1, a latent is the flow's state there, and the rest decodes:

noise --source--> x_0 --solver--> x_s --mended--> z
z --torn--> x_s --solver--> x_1 --denormalise, decoder--> image

To encode, the flow is solved backwards, from the posterior's mean at t = 1 to t = s. A flow as prior and a flow in the
decoder are one model written twice (Chen et al. 2017, Variational Lossy Autoencoder); at s < 1 latents are nearly
Gaussian, so that what lies between and around codes is decoded to digits too.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from flowleague.bundle.files import FLOW_FILE, VAE_FILE, shown
from flowleague.bundle.read import Bundle, Weights, read_bundle
from flowleague.bundle.recipe import GAP, Recipe
from flowleague.bundle.solvers import BACKWARD_STEPS
from flowleague.errors import BundleError, RecipeError, printable
from flowleague.files import write_atomically
from flowleague.model import likelihood
from flowleague.model.autoencoder import VAE, error_with_structure, refined, squared_error, vae_arguments
from flowleague.model.cost import check_cost
from flowleague.model.randomness import noise
from flowleague.model.sampler import POINTS, at_one_time, path, points, solve
from flowleague.model.source import clustered, log_stretch, mended, torn
from flowleague.model.velocity import Normalised, Velocity

# Rows worked on at a time; no result depends on it. Maps of more images than the caches hold take twice as long.
LATENTS, IMAGES = 1024, 256

Networks = Callable[[Recipe], tuple[nn.Module, nn.Module]]  # autoencoder and velocity network, with fresh weights


def shipped_networks(recipe: Recipe) -> tuple[nn.Module, nn.Module]:
    """The networks that a recipe describes."""
    return VAE(**vae_arguments(recipe.vae)), Velocity(recipe.vae.latent, recipe.flow.width, recipe.flow.blocks)


class LatentFlow(nn.Module):
    """A VAE, a velocity network and the recipe that made them.

    `LatentFlow.load` reads one from a bundle; ``LatentFlow(recipe)`` makes one with fresh weights. Other `networks` are
    any two modules that offer::

        autoencoder    posterior: images (B, 1, 28, 28) in [0, 1] -> mu and log sigma^2 of q(z|x), each (B, D)
                       decode: z (B, D) -> images in [0, 1]
        velocity       forward: x (B, D), t (B,) in [0, 1] -> dx/dt (B, D), of latents with mean 0 and variance 1

    >>> from flowleague import shipped
    >>> model = LatentFlow.load(shipped.bundle("tiny"))
    >>> images = model.generate(3, seed=1)  # (3, 1, 28, 28) in [0, 1]
    >>> z = model.encode(images)
    >>> z.shape, model.decode(z).shape, model.log_likelihood(z, steps=5).shape
    (torch.Size([3, 49]), torch.Size([3, 1, 28, 28]), torch.Size([3]))
    """

    def __init__(self, recipe: Recipe, networks: Networks = shipped_networks) -> None:
        super().__init__()
        self.recipe = recipe
        vae, velocity = networks(recipe)
        own = velocity if isinstance(velocity, Velocity) else Normalised(velocity, recipe.vae.latent)
        self.vae, self.velocity = cast(VAE, vae), cast(Velocity, own)  # or what offers the same

    @classmethod
    def load(cls, path: str | Path, device: str | torch.device = "cpu") -> "LatentFlow":
        """Read a bundle, folder or zip, ready to use; raises `BundleError`."""
        return cls.from_bundle(read_bundle(path), shown(Path(path)), device)

    @classmethod
    def from_bundle(cls, bundle: Bundle, where: str, device: str | torch.device = "cpu") -> "LatentFlow":
        """The model of a bundle that was read; raises `BundleError`, in which `where` names the bundle."""
        try:
            check_cost(bundle.recipe.vae, bundle.recipe.flow)
        except RecipeError as error:
            raise BundleError(f"{where} cannot be used: {error}") from error
        model = cls(bundle.recipe)
        fit_weights(model.vae, bundle.vae, f"{VAE_FILE} of {where}")
        fit_weights(model.velocity, bundle.flow, f"{FLOW_FILE} of {where}")
        return model.eval().requires_grad_(False).to(device)

    def bundle_arrays(self) -> Bundle:
        """The recipe and a copy of the weights, as a bundle without log and card."""
        vae, flow = (
            {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}
            for network in (self.vae, self.velocity)
        )
        return Bundle(self.recipe, vae, flow)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.velocity.mean.device

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) in [0, 1] to latents (B, D), refined by the recipe's steps."""
        return torch.cat([self.encode_batch(batch.to(self.device)) for batch in images.split(IMAGES)])

    @torch.no_grad()
    def encode_batch(self, images: Tensor) -> Tensor:
        """Encode in one portion, whatever its size, images that are on the model's device."""
        vae, z = self.recipe.vae, self.guess(images)
        error = error_with_structure(vae.ssim_weight) if vae.ssim_weight else squared_error
        return refined(self.decode_batch, z, images, vae.refine, vae.refine_rate, error)

    @torch.no_grad()
    def guess(self, images: Tensor) -> Tensor:
        """Latents before they are refined: posterior means, carried back to the cut."""
        flow, z = self.recipe.flow, self.vae.posterior(images)[0]
        if flow.cut == 1:
            return z
        x_1, f = self.velocity.normalise(z), at_one_time(self.velocity)
        return self.latent(solve(f, x_1, flow.solver, BACKWARD_STEPS, start=1.0, end=flow.cut), flow.cut)

    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        """Latents (B, D) to images (B, 1, 28, 28) in [0, 1]."""
        return torch.cat([self.decode_batch(batch.to(self.device)) for batch in z.split(IMAGES)])

    def decode_batch(self, z: Tensor) -> Tensor:
        """Decode in one portion latents that are on the model's device, with gradients."""
        flow = self.recipe.flow
        return self.vae.decode(z) if flow.cut == 1 else self.decode_state(torn(z, flow.clusters, GAP * (1 - flow.cut)))

    def decode_state(self, x_s: Tensor) -> Tensor:
        """Images from states of the flow (B, D) at the cut, with gradients: what `decode_batch` makes of their latents.

        Samples go this way: to mend a state only to tear it again takes as long as a step.
        """
        return self.vae.decode(self._at_end(x_s))

    def _at_end(self, x_s: Tensor) -> Tensor:
        """The autoencoder's latents (B, D) from states of the flow at the cut, with gradients."""
        *_, x_1 = self._onward(x_s)
        return self.velocity.denormalise(x_1)

    def _onward(self, x_s: Tensor) -> Iterator[Tensor]:
        """States (B, D) from the cut to the end, after 0 to all of the decoder's own steps, with gradients."""
        flow = self.recipe.flow
        steps = flow.steps - flow.steps_to_cut(flow.steps)
        return path(at_one_time(self.velocity), x_s, flow.solver, steps, start=flow.cut) if steps else iter([x_s])

    def latent(self, x_t: Tensor, t: float) -> Tensor:
        """The latents z (B, D) of states of the flow (B, D) at a time t, up to the cut."""
        flow = self.recipe.flow
        return self.velocity.denormalise(x_t) if flow.cut == 1 else mended(x_t, flow.clusters, GAP * (1 - t))

    @torch.no_grad()
    def paths(self, noise: Tensor, *, solver: str | None = None, steps: int | None = None) -> Iterator[Tensor]:
        """Latents z (B, D) on the way from standard normal noise (B, D) to data, after 0 to `steps` steps.

        Where the flow is cut, the latter steps are the decoder's, which takes its own, and the way ends at the cut.
        """
        flow = self.recipe.flow
        n = flow.steps_to_cut(steps or flow.steps)
        for i, x_t in enumerate(self._states(self.source(noise), solver, steps)):
            yield self.latent(x_t, flow.cut * i / n)

    @torch.no_grad()
    def film(self, noise: Tensor, n: int = POINTS, *, solver: str | None = None, steps: int | None = None) -> Tensor:
        """The autoencoder's latents (n, B, D) at equal times from noise (B, D) to samples; `vae.decode` draws them.

        The steps of `paths`, and where the flow is cut the decoder's own after them.
        """
        cut, before = self.recipe.flow.cut, list(self._states(self.source(noise), solver, steps))
        after = list(self._onward(before[-1]))
        times = [*np.linspace(0, cut, len(before)), *np.linspace(cut, 1, len(after))[1:]]
        return self.velocity.denormalise(points([*before, *after[1:]], n, times))

    @torch.no_grad()
    def generate(
        self, n: int, *, seed: int = 0, first: int = 0, solver: str | None = None, steps: int | None = None
    ) -> Tensor:
        """Samples number `first` to `first + n - 1` of a seed, images (n, 1, 28, 28) in [0, 1].

        Sample number k depends on the seed and k alone. Solver and steps default to the recipe's.
        """
        images = [torch.empty(0, 1, 28, 28, device=self.device)]
        for start in range(first, first + n, LATENTS):
            x_s = drawn = noise(seed, start, min(start + LATENTS, first + n), self.recipe.vae.latent)
            for x_s in self._states(self.source(drawn), solver, steps):  # noqa: B007 - the last one is wanted
                pass
            images.extend(self.vae.decode(part) for part in self._at_end(x_s).split(IMAGES))
        return torch.cat(images)

    def source(self, noise: Tensor, temperature: float | None = None) -> Tensor:
        """x_0 (B, D) of samples from standard normal noise (B, D); the temperature defaults to the recipe's."""
        flow = self.recipe.flow
        return clustered(noise.to(self.device), flow.clusters, flow.temperature if temperature is None else temperature)

    def _states(self, x_0: Tensor, solver: str | None = None, steps: int | None = None) -> Iterator[Tensor]:
        """States x_t (B, D) on the way from x_0 (B, D) to the cut, after 0 to the last step, with gradients."""
        flow = self.recipe.flow
        n = flow.steps_to_cut(steps or flow.steps)
        return path(at_one_time(self.velocity), x_0, solver or flow.solver, n, end=flow.cut)

    def functions(self) -> dict[str, Callable[..., Tensor]]:
        """What an entry is, to be captured: `encode`, `decode`, and `generate` (n -> images), which draws its noise."""

        return {
            "encode": self.encode_batch,
            "decode": self.decode_batch,
            "generate": lambda n: self.draw(torch.randn(n, self.recipe.vae.latent)),
        }

    def draw(self, noise: Tensor, temperature: float | None = None) -> Tensor:
        """Images (B, 1, 28, 28) from noise (B, D) by the recipe's own solver and steps, with gradients."""
        *_, x_s = self._states(self.source(noise, temperature))
        return self.decode_state(x_s)

    def log_likelihood(self, z: Tensor, *, solver: str = "rk4", steps: int = 50) -> Tensor:
        """log p(z) in nats of latents (B, D) under the flow, shape (B,); minus infinity between its clusters.

        It is that of the flow as it was trained, at temperature 1.
        """
        flow, z = self.recipe.flow, z.to(self.device)
        if flow.cut < 1:
            gap = GAP * (1 - flow.cut)
            x, stretch = torn(z, flow.clusters, gap), log_stretch(z, flow.clusters, gap)
            inner = likelihood.log_likelihood(self.velocity, x, flow.clusters, solver=solver, steps=steps, end=flow.cut)
            return inner + stretch
        x = self.velocity.normalise(z)
        inner = likelihood.log_likelihood(self.velocity, x, flow.clusters, solver=solver, steps=steps)
        return inner - self.velocity.std.log().sum()

    def straightness(self, n: int = 1000, *, seed: int = 0, steps: int = 50) -> Tensor:
        """How far n of the flow's paths are from straight, (n,); 0 is straight. See `likelihood.straightness`."""
        x_0 = self.source(noise(seed, 0, n, self.recipe.vae.latent))
        return likelihood.straightness(self.velocity, x_0, steps=steps)


def write_weights(path: Path, network: nn.Module) -> str:
    """Write all parameters and buffers as safetensors, atomically; returns the file's SHA-256."""
    # safetensors stores contiguous tensors (channels_last weights are not) that share no memory (tied weights do)
    copied = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    tensors = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in copied.items()}
    raw = safetensors.torch.save(tensors)
    write_atomically(path, raw)
    return hashlib.sha256(raw).hexdigest()


def fit_weights(network: nn.Module, weights: Weights, where: str) -> None:
    """Load weights whose names, shapes and types must be exactly the network's; raises `BundleError`.

    >>> weights = {"weight": np.zeros((1, 3), "float32")}
    >>> fit_weights(nn.Linear(2, 1, bias=False), weights, "flow.safetensors")
    Traceback (most recent call last):
    flowleague.errors.BundleError: flow.safetensors does not fit its recipe: 'weight' is float32 (1, 3), not ...
    """
    wanted = {name: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in network.state_dict().items()}
    if set(weights) != set(wanted):
        odd = sorted(set(weights) ^ set(wanted))[0]
        kind = "foreign" if odd in weights else "missing"
        raise BundleError(f"{where} does not fit its recipe: '{printable(odd, 100)}' is {kind}.")
    for name, weight in weights.items():
        shape, kind = wanted[name]
        if weight.shape != shape or weight.dtype != kind:
            raise BundleError(
                f"{where} does not fit its recipe: '{name}' is {weight.dtype} {weight.shape}, not {kind} {shape}."
            )
        if not np.isfinite(weight).all():
            raise BundleError(f"{where} cannot be used: '{name}' holds numbers that are not finite.")
    network.load_state_dict({name: torch.from_numpy(weight.copy()) for name, weight in weights.items()})
