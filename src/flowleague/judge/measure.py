"""The measurement of one model: every category in turn, and the scorecard of what was found.

    from flowleague.judge.measure import measure
    card = measure(encode, decode, generate)

Whatever goes wrong with the model becomes a finding in the category that met it; the others are still measured.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from flowleague.entrant.model import Array, Facts, Model
from flowleague.judge.attempts import Attempts, assemble
from flowleague.judge.categories import (
    SEEDS,
    SOURCES,
    check_seeds,
    measure_latents,
    measure_reconstruction,
    measure_samples,
    validation_error,
)
from flowleague.judge.checked import LATENT_LIMITS, CheckedModel
from flowleague.judge.copies import copies
from flowleague.judge.evidence import FULL, Judge, Plan, RealDigits, load_real, see
from flowleague.judge.integrity import Repeats, parameters_disagree
from flowleague.judge.noise import answers
from flowleague.judge.stability import unstable
from flowleague.judge.timing import take_turns
from flowleague.judge.tuning import HeldOut
from flowleague.scorecard.card import Scorecard
from flowleague.scorecard.metrics import evaluate
from flowleague.scorecard.metrics._base import Figure, Unmeasurable
from flowleague.scorecard.metrics.training import check_end, check_pace, read_log
from flowleague.scorecard.pictures import Specimens

_ANSWERS = 32  # marks the draws of noise on latents off from all others of a seed
Progress = Callable[[str, float], None]


def measure(
    encode: Callable[[Array], Array],
    decode: Callable[[Array], Array],
    generate: Callable[[int, int], Array],
    *,
    facts: Facts | None = None,
    again: Model | None = None,
    dataset: str = "mnist",
    data: str | Path | None = None,
    judges: Sequence[Judge] | None = None,
    plan: Plan = FULL,
    latent_limits: tuple[int, int] = LATENT_LIMITS,
    progress: Progress | None = None,
    specimens: Specimens | None = None,
    seeds: Sequence[int] = (),
    validation: bool = False,
    held_out: Judge | None = None,
) -> Scorecard:
    """Measure a model given as three functions on numpy float32 arrays, and return its scorecard.

    encode    images (B, 1, 28, 28) in [0, 1] -> latents (B, D)
    decode    latents (B, D) -> images (B, 1, 28, 28) in [0, 1]
    generate  n, seed -> images (n, 1, 28, 28) in [0, 1]
    facts     what images do not show: weights, evaluations, operations, training log; without it "not reported"
    again     the same model computed with another number of threads, where that can be had: it may find `unstable`
    data      folder of the four IDX files; by default they are found as `flowleague.data` finds them
    judges    by default the two shipped with the package
    latent_limits  fewest and most numbers that a latent may have; with others, what needs latents is not measured
    specimens  gathers pictures of some of the images that are measured
    progress  called with what is being measured and the share done, 0 to 1
    seeds     of a contest, in [0, 2³¹), which the card does not name; by default the published ones
    validation  read the validation images in place of the test images
    held_out  a contest's own judge, which the card does not name: it may find `judge_tuning`, and measures nothing

    Nothing that the functions return or raise stops the measurement: see `findings` of the scorecard. Raises
    `JudgeError` when a judge fails its proof and `DataError` when the digits cannot be had.
    """
    from flowleague.judge.judges import load_judges

    judges = judges or load_judges(dataset)
    model = Model(encode, decode, generate, facts or Facts(), again=again)
    digits = load_real(dataset, plan, data, validation)
    return measure_model(model, digits, judges, dataset, progress, latent_limits, specimens, seeds, held_out)


def measure_model(
    model: Model,
    digits: RealDigits,
    judges: Sequence[Judge],
    dataset: str,
    progress: Progress | None = None,
    latent_limits: tuple[int, int] = LATENT_LIMITS,
    specimens: Specimens | None = None,
    seeds: Sequence[int] = (),
    held_out: Judge | None = None,
) -> Scorecard:
    """`measure`, for digits and judges that are loaded: what an organiser of many entries calls."""
    tell = progress or (lambda *_: None)
    tell("reading real digits", 0.0)
    repeats, drawn, attempt = Repeats(), seeds or SEEDS, Attempts()
    checked, seen = CheckedModel(model, latent_limits, drawn[0]), see(judges, digits)
    apart = HeldOut.of(held_out, digits)
    of_tests: Array | None = None

    def reconstruction() -> dict[str, Figure]:
        nonlocal of_tests
        figures, latents, found = measure_reconstruction(checked, digits, seen, specimens, drawn)
        of_tests = latents
        attempt.note("reconstruction", *found)
        attempt(lambda: noise(latents), "consistency")
        return figures

    def noise(latents: Array) -> dict[str, Figure]:
        answer = answers(checked.decode, latents, seen, np.random.default_rng([drawn[0], _ANSWERS]))
        attempt.note("reconstruction", answer.fragile())
        attempt.note("consistency", answer.switches())
        return {}

    def stability() -> dict[str, Figure]:
        for category, finding in unstable(checked, model.again, digits.test.pixels(), drawn[0]).items():
            attempt.note(category, finding)
        return {}

    def samples() -> dict[str, Figure]:
        figures = measure_samples(
            checked, digits, seen, lambda share: tell("samples", 0.10 + 0.55 * share), repeats, specimens, drawn, apart
        )
        for category in ("quality", "diversity"):
            attempt.note(category, *copies(figures))
        return figures

    def training() -> dict[str, Figure]:
        log = read_log(model.facts.log)
        check_end(log, validation_error(checked, digits) if log.vae_mse else None)
        check_pace(log, model.facts.flops, model.facts.nfe)
        return evaluate(log, "log")

    # Before any test image is shown: what an encoder learns, no generator can have heard of
    attempt(samples, "quality", "diversity")
    attempt(lambda: check_seeds(checked, seeds=drawn), "diversity")
    attempt.note("diversity", repeats.finding())
    tell("reconstruction", 0.65)
    attempt(reconstruction, "reconstruction")
    for number, source in enumerate(SOURCES):
        tell("consistency", 0.73 + 0.06 * number)
        attempt(
            lambda source=source: measure_latents(source, checked, digits, seen, drawn, apart, of_tests), "consistency"
        )
    attempt.note("quality", apart.finding("quality"))
    attempt.note("consistency", apart.finding("consistency"))
    attempt(stability, "consistency")
    tell("efficiency", 0.95)
    for finding in model.facts.findings:
        attempt.note(finding.category, Unmeasurable(finding.name, finding.sentence, finding.hint))
    attempt.note("efficiency", parameters_disagree(model.facts))
    attempt(lambda: evaluate(model.facts, "facts"), "efficiency")
    plan = digits.plan
    attempt(lambda: evaluate(take_turns(checked, plan.timed, plan.turns), "turns"), "efficiency")
    attempt(training, "training_performance")
    tell("done", 1.0)
    return assemble(attempt, model.facts, digits, judges, dataset, () if seeds else SEEDS, checked.latent_size)
