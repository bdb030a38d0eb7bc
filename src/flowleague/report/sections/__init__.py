"""The sections of a report, each made from its part of the analysis; where a part is missing, a note stands.

draft    a section while it is written          performance  the scorecard
digits   samples, reconstructions, neighbours   effort       training, steps, parts, trade-offs
space    the latent space and ways through it   provenance   where the model comes from
"""

from flowleague.report.analysis import Analysis, given
from flowleague.report.captured import Captured
from flowleague.report.content import Gallery, Section
from flowleague.report.sections.digits import copies, drawn, live, reconstructions, samples
from flowleague.report.sections.draft import Draft
from flowleague.report.sections.effort import parts, programs, solvers, tradeoffs, training
from flowleague.report.sections.performance import in_short, performance
from flowleague.report.sections.provenance import captured_provenance, provenance
from flowleague.report.sections.space import axes, dimensions, interpolations, plane, trajectories
from flowleague.report.subject import Subject


def sections(subject: Subject, found: Analysis, gallery: Gallery) -> list[Section]:
    """All sections in order: in short, pictures, tables. Draws the pictures into the gallery."""

    def draft(id_: str, title: str) -> Draft:
        return Draft(gallery, id_, title)

    neighbours = draft("neighbours", "Nearest training digits").part(lambda d: copies(d, given(found.neighbours)))
    return [
        in_short(found.card),
        draft("samples", "Samples")
        .part(lambda d: samples(d, found))
        .part(lambda d: drawn(d, found))
        .part(lambda d: live(d, subject.bundle, subject.name))
        .section(),
        draft("reconstructions", "Reconstructions").part(lambda d: reconstructions(d, found)).section(),
        draft("trajectories", "From noise to data").part(lambda d: trajectories(d, found)).section(),
        *_latent_space(found, gallery),
        draft("interpolations", "Interpolations")
        .part(lambda d: interpolations(d, given(found.interpolations), subject.bundle.recipe.flow.clusters))
        .section(),
        neighbours.section(),
        performance(found.card),
        training(draft("training", "Loss curves"), found),
        draft("steps", "Steps and solvers")
        .part(lambda d: solvers(d, given(found.sweep), subject.bundle.recipe))
        .section(),
        draft("parts", "Parameters and operations").part(lambda d: parts(d, subject)).section(),
        tradeoffs(draft("tradeoffs", "Trade-offs"), subject, found),
        provenance(subject, found.card),
    ]


def captured_sections(subject: Captured, found: Analysis, gallery: Gallery) -> list[Section]:
    """The sections on a captured entry: what needs neither a recipe nor its networks."""

    def draft(id_: str, title: str) -> Draft:
        return Draft(gallery, id_, title)

    return [
        in_short(found.card),
        draft("samples", "Samples")
        .part(lambda d: samples(d, found))
        .part(lambda d: live(d, subject.programs, subject.name))
        .section(),
        draft("reconstructions", "Reconstructions").part(lambda d: reconstructions(d, found)).section(),
        *_latent_space(found, gallery),
        draft("neighbours", "Nearest training digits").part(lambda d: copies(d, given(found.neighbours))).section(),
        performance(found.card),
        training(draft("training", "Loss curves"), found),
        draft("parts", "Numbers and operations").part(lambda d: programs(d, subject)).section(),
        captured_provenance(subject, found.card),
    ]


def _latent_space(found: Analysis, gallery: Gallery) -> list[Section]:
    """Where encoded digits lie, and what each axis of the latent does."""
    return [
        Draft(gallery, "latents", "The latent space")
        .part(lambda d: plane(d, found, "pca"))
        .part(lambda d: plane(d, found, "tsne"))
        .part(lambda d: dimensions(d, found))
        .section(),
        Draft(gallery, "axes", "Along each latent axis").part(lambda d: axes(d, given(found.axes))).section(),
    ]
