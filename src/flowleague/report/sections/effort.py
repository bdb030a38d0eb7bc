"""What training took, what a sample takes, and what changes would cost and gain."""

from flowleague.bundle.recipe import Recipe
from flowleague.judge.evidence import Verdict
from flowleague.program.cost import cost
from flowleague.report import charts, losses, sweep
from flowleague.report.analysis import Analysis, Ceiling, given
from flowleague.report.captured import Captured
from flowleague.report.content import Section, Table
from flowleague.report.missing import Missing
from flowleague.report.sections.draft import Draft
from flowleague.report.subject import Subject
from flowleague.report.tradeoffs import costs, levers
from flowleague.text import figure, number, percent, rough
from flowleague.training.card import training_flops_of


def training(draft: Draft, found: Analysis) -> Section:
    """Loss curves of all stages."""
    for stage, part in found.losses.items():
        draft.part(lambda d, stage=stage, part=part: _stage_curves(d, losses.STAGES[stage], given(part)))
    return draft.section()


def _stage_curves(draft: Draft, title: str, data: losses.Losses) -> None:
    """The curves of one stage."""
    last = {curve.name: curve.points[-1][1] for curve in data.curves}
    ends = ", ".join(f"{name} {number(value)}" for name, value in last.items())
    draft.paragraphs.append(
        f"{title}: {number(data.images)} images in {number(round(data.seconds))} s; at the end {ends}. Over the last "
        f"quarter of its images validation fell by {percent(max(data.late_fall, 0))}."
    )
    alt = f"Losses of the {title} stage over images seen; at the end {ends}."
    draft.pictures.append(draft.gallery.chart(f"losses-{data.stage}", charts.losses(data), alt, f"{title} stage"))


def solvers(draft: Draft, data: sweep.Sweep, recipe: Recipe) -> None:
    """Error and quality over evaluations, and all figures."""
    own = data.own
    draft.paragraphs.append(
        f"The same {number(data.n)} noises carried to data by every solver; the ring is the recipe's own, "
        f"{own.setting.solver} in {own.setting.steps} steps, whose latents lie {number(own.error)} (RMS, normalised) "
        f"from the exact solution (RK4 in {sweep.FINE} steps). "
        "Where lines level off, the error is the model's and not the solver's."
    )
    if recipe.flow.cut < 1:
        draft.paragraphs.append(
            f"The flow is cut at t = {number(recipe.flow.cut)}. The decoder's steps are counted with those before it, "
            "and errors are those at t = 1. A setting is what `flowleague set` would write, whose latents and "
            "reconstructions change too."
        )
    if recipe.tune.images > 0:
        draft.paragraphs.append(
            "This model was fine-tuned for its own few steps: decoder and velocity network correct their error. Other "
            "settings, the exact solution included, may give worse samples."
        )
    n = len(data.solvers)
    alt = f"Error of the latent over evaluations for {n} solvers; the recipe's is {number(own.error)}."
    draft.pictures.append(draft.gallery.chart("solver-error", charts.solver_error(data), alt, "Error of the solver"))
    if own.verdict:
        alt = f"Fréchet distance over evaluations for {n} solvers; the recipe's is {number(own.verdict.frechet)}."
        draft.pictures.append(
            draft.gallery.chart("solver-quality", charts.quality(data), alt, "Quality of the samples")
        )
    else:
        draft.notes.append("There are no judges for these digits, so quality against steps is not shown.")
    draft.tables.append(_solver_table(data))


def _solver_table(data: sweep.Sweep) -> Table:
    """All settings with their figures."""
    head = ["solver", "steps", "evaluations", "RMS error", "Fréchet distance ± s.e.", "confidence ± s.e."]
    rows = [
        [
            f"{o.setting.solver}{' (the recipe’s)' if o.setting.own else ''}",
            str(o.setting.steps),
            str(o.setting.evaluations),
            number(o.error),
            figure(o.verdict.frechet, o.verdict.frechet_error) if o.verdict else "",
            figure(o.verdict.confidence, o.verdict.confidence_error) if o.verdict else "",
        ]
        for o in data.outcomes
    ]
    floor = "" if data.floor is None else f"; as many real training images have {number(data.floor)}"
    return Table(title=f"All settings, n = {number(data.n)} samples each{floor}", head=head, rows=rows, folded=True)


def parts(draft: Draft, subject: Subject) -> None:
    """Parameters and operations by part."""
    c = subject.costs
    walking = {
        "encoder": 0,
        "decoder": c.flops_by_part["decoder"],
        "velocity": c.evaluations * c.flops_by_part["velocity"],
    }
    rows = [[name, number(c.by_part[name]), number(c.flops_by_part[name]), number(walking[name])] for name in c.by_part]
    rows.append(["all", number(c.with_buffers), "", number(c.sample_flops)])
    draft.paragraphs.append(
        f"{number(c.parameters)} parameters as the contest counted them, {number(c.with_buffers)} with buffers. "
        f"Training took {rough(training_flops_of(subject.bundle))} operations. "
        "A multiply-add counts as two."
    )
    shown: list[tuple[str, dict[str, float]]] = [("parameters", dict(c.by_part)), ("operations", dict(walking))]
    alt = "Shares of encoder, decoder and velocity network in the parameters and in the operations of a sample."
    draft.pictures.append(draft.gallery.chart("parts", charts.parts(shown), alt, "Shares by part", (5.2, 2.4)))
    head = ["part", "parameters", "operations of one pass", "operations per sample"]
    draft.tables.append(Table(title="By part", head=head, rows=rows))


def programs(draft: Draft, subject: Captured) -> None:
    """The numbers that a captured entry holds, and the operations of each of its programs."""
    found = cost(subject.programs)
    draft.paragraphs.append(
        f"{number(round(found.numbers))} numbers in all programs together; a sample evaluates the flow "
        f"{number(round(found.nfe))} times. A multiply-add counts as two."
    )
    rows = [
        [name, number(len(program.steps)), number(round(found.flops[name]))]
        for name, program in subject.programs.programs.items()
    ]
    head = ["program", "recorded operations", "FLOPs an image"]
    draft.tables.append(Table(title="By program", head=head, rows=rows))


def tradeoffs(draft: Draft, subject: Subject, found: Analysis) -> Section:
    """What costs most, and which change would move which category."""
    draft.paragraphs += costs(subject)
    if isinstance(found.ceiling, Ceiling):
        c = found.ceiling
        draft.paragraphs.append(
            f"Fréchet distances of {number(c.n)} images each, to real test images: real training images "
            f"{figure(c.real.frechet, c.real.frechet_error)}, their reconstructions "
            f"{figure(c.reconstructed.frechet, c.reconstructed.frechet_error)}"
            + (f", samples {figure(own.frechet, own.frechet_error)}." if (own := _own_verdict(found)) else ".")
        )
    rows = [[lever.change, lever.moves, lever.effect, lever.price] for lever in levers(subject, found)]
    head = ["change", "would move", "what is known of it", "price"]
    draft.tables.append(Table(title="Which change would move which category", head=head, rows=rows))
    return draft.section()


def _own_verdict(found: Analysis) -> Verdict | None:
    """What the judges read in samples by the recipe's solver; None where that is unknown."""
    return None if isinstance(found.sweep, Missing) else found.sweep.own.verdict
