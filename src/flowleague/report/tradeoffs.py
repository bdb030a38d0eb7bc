"""Trade-offs, from the data: what costs most, and which change would move which category by how much.

A change is said to move something only where that was measured or can be counted; what only a training would show is
said to be unknown, with the words that train it.
"""

import math
from dataclasses import dataclass, replace

from flowleague.bundle.recipe import MIN_LATENT, FlowRecipe, Recipe
from flowleague.model.cost import Cost, cost
from flowleague.report.analysis import Analysis, Ceiling
from flowleague.report.latents import Shrunk
from flowleague.report.losses import STAGES, Losses
from flowleague.report.missing import Missing
from flowleague.report.subject import Subject
from flowleague.report.sweep import Outcome, Sweep
from flowleague.scorecard.card import Scorecard
from flowleague.scorecard.metrics import TITLES
from flowleague.text import figure, number, percent

_LOSS_OF_MSE = 1.1  # a latent may be called too large when a smaller one costs at most a tenth of the MSE
_STILL_FALLING = 0.02  # share of validation's fall in the last quarter below which a training counts as done
_BENT = 0.05  # straightness above which paths are worth straightening


@dataclass(frozen=True)
class Lever:
    """A change of the recipe, the category that it moves, what is known of its effect, and its price."""

    change: str
    moves: str
    effect: str
    price: str


def costs(subject: Subject) -> list[str]:
    """What costs most: parameters, operations of a sample, seconds of training."""
    c, said = subject.costs, []
    part, numbers = max(c.by_part.items(), key=lambda item: item[1])
    share = percent(numbers / c.with_buffers)
    said.append(f"The {part} has most of the parameters: {number(numbers)} of {number(c.with_buffers)} ({share}).")
    walking = c.evaluations * c.flops_by_part["velocity"]
    said.append(
        f"A sample takes {number(c.sample_flops)} operations: {percent(walking / c.sample_flops)} for {c.evaluations} "
        "evaluations of the velocity network, the rest for one pass of the decoder."
    )
    seconds = subject.bundle.card.get("training", {}).get("seconds", {})
    if seconds and sum(seconds.values()) > 0:
        stage, most = max(seconds.items(), key=lambda item: item[1])
        share = percent(most / sum(seconds.values()))
        said.append(f"Of the training, {STAGES[stage]} took {number(round(most))} s, {share} of all stages.")
    return said


def levers(subject: Subject, found: Analysis) -> list[Lever]:
    """All that the data says about changes, those that are measured first."""
    recipe, said = subject.bundle.recipe, []
    if isinstance(found.sweep, Sweep) and found.sweep.own.verdict:
        said += steps(found.sweep, subject.costs, cut=recipe.flow.cut < 1)
        if isinstance(found.ceiling, Ceiling):
            said += halves(found.sweep, found.ceiling, cut=recipe.flow.cut < 1)
    if isinstance(found.card, Scorecard):
        said += _without_flow(found.card, subject.costs, recipe.flow)
    if not isinstance(found.shrunk, Missing):
        said += smaller_latent(found.shrunk, recipe)
    if not isinstance(found.straightness, Missing):
        said += straighter(found.straightness, recipe)
    said += [lever for stage in found.losses.values() if isinstance(stage, Losses) for lever in longer(stage, recipe)]
    return said + smaller_networks(recipe, subject.costs)


def steps(swept: Sweep, costs: Cost, *, cut: bool) -> list[Lever]:
    """Fewer evaluations for the same quality, and more of them for a better one."""
    own, said = swept.own, []
    beside = "; the decoder's steps change with them, and so do latents and reconstructions" if cut else ""
    equal = [o for o in swept.outcomes if o.setting.evaluations < own.setting.evaluations and not clearly(o, own)]
    if equal:
        best = min(equal, key=lambda o: (o.setting.evaluations, o.error))
        said.append(
            Lever(
                named(best),
                TITLES["efficiency"],
                f"evaluations of a sample fall from {own.setting.evaluations} to {best.setting.evaluations}, "
                f"operations from {number(costs.sample_flops)} to {number(flops(best, costs))}",
                f"none that {number(swept.n)} samples of the same noise show: Fréchet distance {read(best)} against "
                f"{read(own)}{beside}",
            )
        )
    better = [o for o in swept.outcomes if clearly(own, o)]
    if better:
        best = min(better, key=lambda o: o.setting.evaluations)
        said.append(
            Lever(
                named(best),
                TITLES["quality"],
                f"the Fréchet distance falls from {read(own)} to {read(best)} (n = {number(swept.n)})",
                f"{best.setting.evaluations} evaluations per sample instead of {own.setting.evaluations}{beside}",
            )
        )
    return said


def clearly(worse: Outcome, better: Outcome) -> bool:
    """Whether the first has a larger Fréchet distance, beyond the noise of the same noises carried differently."""
    return worse.verdict is not None and better.verdict is not None and worse.verdict.exceeds(better.verdict)


def named(outcome: Outcome) -> str:
    """The words that set a solver."""
    return f"`flow.solver={outcome.setting.solver}`, `flow.steps={outcome.setting.steps}`"


def read(outcome: Outcome) -> str:
    """A Fréchet distance with its error."""
    return figure(outcome.verdict.frechet, outcome.verdict.frechet_error) if outcome.verdict else "unknown"


def flops(outcome: Outcome, costs: Cost) -> int:
    """Operations of a sample by another solver."""
    return outcome.setting.evaluations * costs.flops_by_part["velocity"] + costs.flops_by_part["decoder"]


def halves(swept: Sweep, ceiling: Ceiling, *, cut: bool) -> list[Lever]:
    """How much of the samples' distance is the flow's, and how much the VAE's, to which the flow after a cut counts."""
    own = swept.own.verdict
    assert own is not None
    decoded, real = ceiling.reconstructed.frechet, ceiling.real.frechet
    total, flow = own.frechet - real, own.frechet - decoded
    if total <= 0 or flow <= 0:
        return []
    errors = figure(own.frechet, own.frechet_error), figure(decoded, ceiling.reconstructed.frechet_error)
    return [
        Lever(
            "a better way to the cut under the same decoder" if cut else "a better flow on the same VAE",
            f"{TITLES['quality']}, {TITLES['diversity']}",
            f"the Fréchet distance could fall from {errors[0]} to {errors[1]} at best, which decoded real digits have: "
            f"{percent(min(flow / total, 1))} of the way to real images",
            "a wider network or a longer flow stage",
        ),
        Lever(
            "a better decoder, the flow after the cut included" if cut else "a better VAE under the same flow",
            f"{TITLES['reconstruction']}, {TITLES['quality']}",
            f"the other {percent(max(1 - flow / total, 0))}: from {errors[1]} to the {number(real)} of as many real "
            "images",
            "a wider decoder or a longer VAE stage",
        ),
    ]


def _without_flow(card: Scorecard, costs: Cost, flow: FlowRecipe) -> list[Lever]:
    """What the flow buys over a Gaussian."""
    metrics = card.metrics()
    plain, sampled = metrics["consistency.gaussian_confidence"], metrics["quality.confidence"]
    if plain.value is None or sampled.value is None:
        return []
    share = percent(costs.by_part["velocity"] / costs.with_buffers)
    whole = f"this is what the velocity network's {share} of all parameters buys"
    before = f"this is what {flow.steps_to_cut(flow.steps)} of {flow.steps} steps buys; those after the cut decode"
    return [
        Lever(
            f"no flow{' before the cut' * (flow.cut < 1)}: a Gaussian fitted to the latents",
            TITLES["quality"],
            f"the judges' confidence would be {figure(plain.value, plain.standard_error)} instead of "
            f"{figure(sampled.value, sampled.standard_error)}; real images have "
            f"{number(sampled.reference or math.nan)}",
            before if flow.cut < 1 else whole,
        )
    ]


def smaller_latent(rows: list[Shrunk], recipe: Recipe) -> list[Lever]:
    """The smallest latent that would keep reconstruction nearly as it is."""
    whole = rows[-1]
    kept = next(r for r in rows if r.mse <= _LOSS_OF_MSE * whole.mse)
    k = max(kept.k, MIN_LATENT)
    if k >= whole.k:
        return [
            Lever(
                "a smaller latent",
                TITLES["reconstruction"],
                f"even {rows[-2].k} of {whole.k} principal components raise the MSE from "
                f"{figure(whole.mse, whole.error)} to {figure(rows[-2].mse, rows[-2].error)}, so every "
                "dimension is used",
                "a VAE trained for fewer may do better",
            )
        ]
    saved = (whole.k - k) * (2 * recipe.flow.width + 1)
    return [
        Lever(
            f"`vae.latent={k}`, `vae.grid=false`",
            f"{TITLES['efficiency']}, {TITLES['quality']}",
            f"{k} of {whole.k} principal components keep the MSE at {figure(kept.mse, kept.error)} (now "
            f"{figure(whole.mse, whole.error)}); the velocity network would have {number(saved)} "
            "parameters fewer, and an easier distribution to learn",
            "all stages are trained again; a vector latent needs linear layers in the VAE",
        )
    ]


def straighter(bend: float, recipe: Recipe) -> list[Lever]:
    """Whether straighter paths would let fewer steps do."""
    if bend < _BENT or recipe.flow.coupling == "ot" or recipe.tune.images:  # after fine-tuning few steps are enough
        return []
    return [
        Lever(
            "`flow.coupling=ot`",
            TITLES["efficiency"],
            f"paths bend by {number(bend)} (0: straight, where one Euler step is exact); pairing noise and data by "
            "optimal transport straightens them, so that fewer evaluations do",
            "a slower flow stage; by how much it straightens is known after training",
        )
    ]


def longer(stage: Losses, recipe: Recipe) -> list[Lever]:
    """Whether a stage was still getting better when it ended."""
    settings = recipe.stages().get(stage.stage)
    if settings is None or stage.late_fall < _STILL_FALLING:
        return []
    category = "reconstruction" if stage.stage == "vae" else "quality"
    return [
        Lever(
            f"`{stage.stage}.images={2 * settings.images}`, twice as many",
            f"{TITLES[category]}, {TITLES['training_performance']}",
            f"validation still fell by {percent(stage.late_fall)} over the last quarter of the stage, in part because "
            "the learning rate goes to zero there",
            f"about {number(round(stage.seconds))} s more",
        )
    ]


def smaller_networks(recipe: Recipe, now: Cost) -> list[Lever]:
    """Counted, not trained: what half of each width would weigh."""
    flow = replace(recipe, flow=replace(recipe.flow, width=max(recipe.flow.width // 2, 4)))
    vae = replace(recipe, vae=replace(recipe.vae, channels=max(recipe.vae.channels // 2, 4)))
    said = []
    for words, other, category in (
        (f"`flow.width={flow.flow.width}`", flow, "quality"),
        (f"`vae.channels={vae.vae.channels}`", vae, "reconstruction"),
    ):
        then = cost(other.vae, other.flow)
        if then.with_buffers < now.with_buffers:
            said.append(
                Lever(
                    words,
                    TITLES["efficiency"],
                    f"{number(then.with_buffers)} parameters instead of {number(now.with_buffers)}, "
                    f"{number(then.sample_flops)} operations per sample instead of {number(now.sample_flops)}",
                    f"some {TITLES[category]}; only training shows how much",
                )
            )
    return said
