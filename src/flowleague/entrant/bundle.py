"""The safe lane: a bundle as three functions on numpy arrays. No code of the entrant runs."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from numpy.typing import NDArray

from flowleague.bundle.files import FLOW_FILE, VAE_FILE, shown
from flowleague.bundle.read import Bundle, read_bundle
from flowleague.bundle.recipe import FlowRecipe, Recipe, VAERecipe
from flowleague.entrant.model import Array, Facts, Model, WeightFile
from flowleague.errors import BundleError, printable
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.capturing.entry import record
from flowleague.program.cost import cost as program_cost


def open_bundle(path: str | Path, name: str | None = None) -> Model:
    """The model in a bundle, folder or zip, with its facts; raises `BundleError`.

    `name` is what the scorecard calls it: the name of the folder or zip by default.
    """
    path = Path(path)
    name = path.resolve().name if name is None else name
    if name != printable(name):
        raise BundleError(f"'{printable(name)}' is no name for a scorecard; use fewer and printable characters.")
    bundle = read_bundle(path)
    return as_model(bundle, LatentFlow.from_bundle(bundle, shown(path)), name)


def as_model(bundle: Bundle, flow: LatentFlow, name: str) -> Model:
    """A bundle that was read, and the network made of it, as three functions and facts."""
    tensors = {VAE_FILE: bundle.vae, FLOW_FILE: bundle.flow}
    weights = tuple(
        WeightFile(file, bundle.sha256[file], bundle.sizes[file], sum(w.size for w in held.values()))
        for file, held in tensors.items()
    )
    costs = cost(bundle.recipe.vae, bundle.recipe.flow)
    facts = Facts(
        name=name,
        weights=weights,
        parameters=costs.parameters,
        nfe=costs.evaluations,
        flops=sample_flops(bundle.recipe.vae, bundle.recipe.flow),
        log=tuple(bundle.log),
    )
    return Model(
        encode=_on_arrays(flow.encode),
        decode=_on_arrays(flow.decode),
        generate=lambda n, seed: flow.generate(n, seed=seed).cpu().numpy(),
        facts=facts,
        dataset=bundle.recipe.dataset,
    )


@lru_cache
def sample_flops(vae: VAERecipe, flow: FlowRecipe) -> int:
    """FLOPs of a sample, counted off the program that `generate` of such a model is: one rule for every format."""
    with torch.random.fork_rng(devices=[]):
        model = LatentFlow(Recipe(name="counted", vae=vae, flow=flow)).eval().requires_grad_(False)
    _, entry = record(generate=model.functions()["generate"], seconds=0)
    return round(program_cost(entry).flops["generate"])


def _on_arrays(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Array], Array]:
    """A function on tensors as one on numpy arrays."""

    def call(array: NDArray) -> NDArray:
        return function(torch.from_numpy(array)).cpu().numpy()

    return call
