"""Recipes: everything that decides a model, as dataclasses made by plain functions.

    flowleague train quick                          one of the recipes below
    flowleague train quick --set vae.latent=16      the same with one value changed
    flowleague train my.toml                        one of your own, see `flowleague.bundle.recipe_file`

`images` is how many training images a stage sees in all; every schedule is a function of that number, so a
recipe gives the same model on a slow and on a fast machine. A `budget` in seconds overrides it.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import PRINTABLE, RecipeError, printable

MIN_LATENT, MAX_LATENT = 3, 49
# what a finished model can be given anew
Afterwards = Literal["flow.solver", "flow.steps", "flow.temperature", "vae.refine"]
GAP = 3.0  # by which the clusters of the noise are apart

_Count = Annotated[int, Meta(ge=1, le=10_000_000_000)]
Layers = Annotated[int, Meta(ge=0, le=32)]
_Width = Annotated[int, Meta(ge=4, le=2048)]
_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
Block = Literal["depthwise", "dense"]  # classes: `flowleague.model.autoencoder.BLOCKS`
Text = Annotated[str, Meta(max_length=1000, pattern=PRINTABLE)]


@dataclass(frozen=True, kw_only=True)
class VAERecipe:
    """The autoencoder and its training."""

    latent: Annotated[int, Meta(ge=MIN_LATENT, le=MAX_LATENT)] = 49
    grid: bool = True  # the latent is the 7x7 grid itself, which needs latent = 49
    channels: Annotated[int, Meta(ge=4, le=512)] = 24
    block: Block = "depthwise"
    encoder_blocks: Layers = 3
    decoder_blocks: Layers = 1  # a sample pays for these
    refine: Annotated[int, Meta(ge=0, le=100)] = 0  # steps that lower an image's own error in encoding
    refine_rate: _Positive = 0.1  # of these steps, falling to 0
    kl_weight: _NotNegative = 4e-5  # on nats an image, beside the mean squared error of a pixel
    ssim_weight: _NotNegative = 0.0  # on 1 - SSIM, in training and refining
    images: _Count = 800_000
    batch: Annotated[int, Meta(ge=1, le=65_536)] = 256
    lr: _Positive = 3e-2
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.99


@dataclass(frozen=True, kw_only=True)
class FlowRecipe:
    """The velocity network, its flow matching loss and training, and the default solver."""

    width: _Width = 128
    blocks: Layers = 2
    clusters: Annotated[int, Meta(ge=0, le=MAX_LATENT)] = 10  # of the noise, one a class; 0: a single Gaussian
    coupling: Literal["independent", "ot"] = "independent"
    time: Literal["uniform", "logit-normal"] = "logit-normal"
    targets: Literal["mean", "sample"] = "mean"  # of the posterior
    images: _Count = 6_000_000
    batch: Annotated[int, Meta(ge=1, le=65_536)] = 1024
    lr: _Positive = 2e-2
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.999
    solver: Text = "euler"  # of flowleague.bundle.solvers
    steps: Annotated[int, Meta(ge=1, le=1000)] = 2
    temperature: Annotated[float, Meta(gt=0, le=2)] = 1.0  # by which the noise of samples is multiplied, once trained
    cut: Annotated[float, Meta(gt=0, le=1)] = 1.0  # the time at which the flow's state is a latent; the rest decodes

    def steps_to_cut(self, steps: int) -> int:
        """How many of `steps` lead from noise to a latent; the others belong to the decoder.

        >>> FlowRecipe(cut=0.25).steps_to_cut(4), FlowRecipe(cut=0.9).steps_to_cut(2), FlowRecipe().steps_to_cut(2)
        (1, 1, 2)
        """
        return steps if self.cut == 1 else max(1, min(round(self.cut * steps), steps - 1))


@dataclass(frozen=True, kw_only=True)
class CriticRecipe:
    """The classifier in whose features the tuning compares; trained where there is a tuning."""

    images: _Count = 165_000
    batch: Annotated[int, Meta(ge=2, le=65_536)] = 256
    lr: _Positive = 2e-2


@dataclass(frozen=True, kw_only=True)
class TuneRecipe:
    """The tuning of velocity and decoder for the solver's own steps; none where `images` is 0."""

    images: Annotated[int, Meta(ge=0, le=10_000_000_000)] = 0
    batch: Annotated[int, Meta(ge=2, le=16_384)] = 512
    lr: _Positive = 4e-3
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.99
    decoder: bool = True  # tune it too; else the velocity alone
    reconstruction: _NotNegative = 20.0  # on the mean squared error of a pixel, beside the energy distance


Settings = VAERecipe | FlowRecipe | CriticRecipe | TuneRecipe


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole model: data, all stages, and optionally a budget that replaces their `images`."""

    name: Text
    about: Text = ""
    dataset: Text = "mnist"
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    budget: _Positive | None = None  # seconds for all stages together
    vae: VAERecipe = field(default_factory=VAERecipe)
    flow: FlowRecipe = field(default_factory=FlowRecipe)
    critic: CriticRecipe = field(default_factory=CriticRecipe)
    tune: TuneRecipe = field(default_factory=TuneRecipe)

    def stages(self) -> dict[str, Settings]:
        """The stages that are trained, in order, by name."""
        both: dict[str, Settings] = {"vae": self.vae, "flow": self.flow}
        return both | ({"critic": self.critic, "tune": self.tune} if self.tune.images else {})


def quick() -> Recipe:
    """The network of base, trained on fewer images: for a first look."""
    whole = base()
    return replace(
        whole,
        name="quick",
        about="the network of base, trained on fewer images",
        vae=replace(whole.vae, images=400_000),
        flow=replace(whole.flow, images=1_200_000),
        critic=replace(whole.critic, images=120_000),
        tune=replace(whole.tune, images=46_080),
    )


def base() -> Recipe:
    """Ahead of the best entry of 2025 in every column that compares; what lies between codes is decoded to digits."""
    return Recipe(
        name="base",
        about="ahead of the best entry of 2025 in every column that compares, and between its codes",
        vae=VAERecipe(encoder_blocks=2, decoder_blocks=2, refine=36, kl_weight=2e-5, images=640_000),
        flow=FlowRecipe(width=96, targets="sample", images=2_000_000, steps=3, temperature=0.93, cut=0.25),
        critic=CriticRecipe(images=1_320_000),
        tune=TuneRecipe(images=256_000, batch=256, reconstruction=10),
    )


def tiny() -> Recipe:
    """Under a sixth of the winner's parameters, its flow cut: first in each category beside the shipped peers."""
    return Recipe(
        name="tiny",
        about="a sixth of the numbers of the winner of 2025, its flow cut",
        vae=VAERecipe(channels=18, decoder_blocks=2, refine=28, kl_weight=2e-5, images=800_000),
        flow=FlowRecipe(width=47, targets="sample", images=3_000_000, steps=4, cut=0.25),
        critic=CriticRecipe(images=165_000),
        tune=TuneRecipe(images=256_000, batch=256, reconstruction=10),
    )


def largest() -> Recipe:
    """`max`: the reconstruction of the 7x7 baseline of 2025 with less than a twentieth of its 11,642,247 parameters."""
    return Recipe(
        name="max",
        about="the best reconstructions, a twentieth of the 7x7 baseline",
        vae=VAERecipe(
            channels=64,
            block="dense",
            encoder_blocks=1,
            decoder_blocks=5,
            refine=16,
            refine_rate=0.05,
            kl_weight=1e-6,
            ssim_weight=0.1,
            images=3_000_000,
            lr=8e-3,
        ),
        flow=FlowRecipe(blocks=3, images=3_000_000, steps=4),
        critic=CriticRecipe(images=660_000),
        tune=TuneRecipe(images=256_000, decoder=False),
    )


RECIPES: dict[str, Callable[[], Recipe]] = {recipe().name: recipe for recipe in (quick, base, tiny, largest)}


def get_recipe(name: str, changes: Iterable[str] = ()) -> Recipe:
    """A recipe by its name or from a file (see `flowleague.bundle.recipe_file`), with changes such as
    ``"vae.latent=16"`` applied; raises `RecipeError`.
    """
    from flowleague.bundle import recipe_file  # which knows recipes
    from flowleague.text import did_you_mean

    if name.endswith(recipe_file.ENDING):
        return recipe_file.read_recipe_file(name, _parsed(changes))
    if name not in RECIPES:
        raise RecipeError(
            f"There is no recipe '{printable(name, 100)}'; choose one of: {', '.join(RECIPES)}, or give a file my.toml "
            f'with base = "quick".{did_you_mean(name, RECIPES)}'
        )
    return with_values(RECIPES[name](), _parsed(changes))


def _parsed(changes: Iterable[str]) -> dict[str, str]:
    """Texts like ``"vae.latent=16"`` as values by key."""
    from flowleague.text import did_you_mean

    known, values = keys(), {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or key.strip() not in known:
            meant = did_you_mean(key.strip(), known) or f" The keys are: {', '.join(known)}."
            raise RecipeError(f"'{change}' changes nothing: write KEY=VALUE.{meant}")
        values[key.strip()] = re.sub(r"^(-?)\.(?=\d)", r"\g<1>0.", value.strip())  # JSON has no .25
    return values


def keys() -> list[str]:
    """All that a recipe holds, dotted."""
    return list(flatten(dataclasses.asdict(quick())))


def with_values(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """A recipe with other values by dotted key, as text or as what they are; raises `RecipeError`."""
    config = dataclasses.asdict(recipe)
    for key, value in values.items():
        *path, last = key.split(".")
        place: Any = config
        for part in path:
            place = place[part]
        place[last] = value
    return read_recipe(config, strict=False)


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested config as one dict with dotted keys, in order."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def read_recipe(config: Any, *, strict: bool = True) -> Recipe:
    """A plain nested dict, as read from JSON, to a checked `Recipe`; raises `RecipeError`.

    Unknown keys are refused. Without `strict`, numbers may be written as text, as they come from a command line.
    """
    try:
        recipe = msgspec.convert(config, Recipe, strict=strict)
    except msgspec.ValidationError as error:
        raise RecipeError(f"The recipe cannot be used: {explain(error, config)}") from error
    unknown = _unknown(config, dataclasses.asdict(recipe))
    if unknown:
        raise RecipeError(f"The recipe has an unknown key '{printable(unknown, 50)}'; remove it or mend its spelling.")
    if recipe.flow.solver not in SOLVERS:
        raise RecipeError(
            f"There is no solver '{printable(recipe.flow.solver, 50)}'; flow.solver is one of: {', '.join(SOLVERS)}."
        )
    if recipe.vae.grid and recipe.vae.latent != MAX_LATENT:
        raise RecipeError(f"The 7x7 grid has 49 numbers, not {recipe.vae.latent}; add vae.grid=false for a vector.")
    if recipe.flow.cut < 1 and recipe.flow.steps == 1:
        raise RecipeError(
            "A cut lies between two steps of the solver, and there is one; add flow.steps=2, or flow.cut=1."
        )
    if recipe.flow.clusters > recipe.vae.latent:
        raise RecipeError(
            f"{recipe.flow.clusters} clusters need as many latent dimensions, and there are {recipe.vae.latent}; "
            "add flow.clusters=0."
        )
    if recipe.flow.clusters and recipe.flow.coupling == "ot":
        raise RecipeError("Optimal transport would pair clusters with foreign classes; add flow.clusters=0.")
    return recipe


def _unknown(config: dict[str, Any], known: dict[str, Any], prefix: str = "") -> str:
    """The first key of a nested config that is not known, dotted; empty when all are."""
    for key, value in config.items():
        if key not in known:
            return f"{prefix}{key}"
        if isinstance(value, dict) and (inner := _unknown(value, known[key], f"{prefix}{key}.")):
            return inner
    return ""


def explain(error: msgspec.ValidationError, config: Any) -> str:
    """Turn msgspec's words ("... - at `$.vae.latent`") into a sentence that names the key and the value."""
    wanted, _, place = str(error).partition(" - at ")
    key = place.strip("`$.")
    value: Any = config
    for part in filter(None, key.split(".")):
        value = value.get(part) if isinstance(value, dict) else None
    value = repr(value) if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
    return f"{printable(key, 100) or 'it'} = {printable(value, 100)} is not allowed ({wanted[:1].lower()}{wanted[1:]})."
