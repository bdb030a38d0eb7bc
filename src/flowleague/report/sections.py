"""The sections of a report, each made from its part of the analysis; where a part is missing, a note stands."""

from collections.abc import Callable

import numpy as np

from flowleague.figures import figure, number, percent
from flowleague.report import charts, latents, losses, sheets, sweep, walks
from flowleague.report.analysis import Analysis, Ceiling, given
from flowleague.report.content import Gallery, Picture, Section, Table
from flowleague.report.missing import Missing
from flowleague.report.neighbours import Neighbours
from flowleague.report.performance import performance
from flowleague.report.provenance import provenance
from flowleague.report.readings import Read
from flowleague.report.subject import Subject
from flowleague.report.tradeoffs import costs, levers

STAGES = {"vae": "VAE", "flow": "flow", "tune": "tuning"}
WORST, CLOSEST = 10, 10
Z = 1.96  # of a normal 95 % interval


class Draft:
    """A section while it is written: `part` adds what a function makes, or the note that it could not be made."""

    def __init__(self, gallery: Gallery, id_: str, title: str):
        self.gallery, self.id, self.title = gallery, id_, title
        self.paragraphs: list[str] = []
        self.notes: list[str] = []
        self.pictures: list[Picture] = []
        self.tables: list[Table] = []

    def part(self, make: Callable[["Draft"], None]) -> "Draft":
        """Add a part; a note stands for what is missing, once."""
        try:
            make(self)
        except Missing as reason:
            if str(reason) not in self.notes:
                self.notes.append(str(reason))
        return self

    def section(self) -> Section:
        """What was written."""
        return Section(
            id=self.id,
            title=self.title,
            paragraphs=self.paragraphs,
            notes=self.notes,
            pictures=self.pictures,
            tables=self.tables,
        )


def sections(subject: Subject, found: Analysis, gallery: Gallery) -> list[Section]:
    """All sections, in the order of the page; draws their pictures into the gallery."""

    def draft(id_: str, title: str) -> Draft:
        return Draft(gallery, id_, title)

    neighbours = draft("neighbours", "Nearest training digits").part(lambda d: copies(d, given(found.neighbours)))
    return [
        performance(found.card),
        training(draft("training", "Loss curves"), found),
        draft("samples", "Samples").part(lambda d: samples(d, found)).part(lambda d: drawn(d, found)).section(),
        draft("reconstructions", "Reconstructions").part(lambda d: reconstructions(d, found)).section(),
        neighbours.section(),
        draft("latents", "The latent space")
        .part(lambda d: plane(d, found, "pca"))
        .part(lambda d: plane(d, found, "tsne"))
        .part(lambda d: dimensions(d, found))
        .section(),
        draft("axes", "Along each latent axis").part(lambda d: axes(d, given(found.axes))).section(),
        draft("interpolations", "Interpolations")
        .part(lambda d: interpolations(d, given(found.interpolations)))
        .section(),
        draft("trajectories", "From noise to data").part(lambda d: trajectories(d, found)).section(),
        draft("steps", "Steps and solvers")
        .part(lambda d: solvers(d, given(found.sweep), subject.bundle.recipe.tune.images > 0))
        .section(),
        draft("parts", "Parameters and operations").part(lambda d: parts(d, subject)).section(),
        tradeoffs(draft("tradeoffs", "Trade-offs"), subject, found),
        provenance(subject, found.card),
    ]


def training(draft: Draft, found: Analysis) -> Section:
    """Loss curves of all stages."""
    for stage, part in found.losses.items():
        draft.part(lambda d, stage=stage, part=part: stage_curves(d, STAGES[stage], given(part)))
    return draft.section()


def stage_curves(draft: Draft, title: str, data: losses.Losses) -> None:
    """The curves of one stage."""
    last = {curve.name: curve.points[-1][1] for curve in data.curves}
    ends = ", ".join(f"{name} {number(value)}" for name, value in last.items())
    draft.paragraphs.append(
        f"{title}: {number(data.images)} images in {number(round(data.seconds))} s; at the end {ends}. Over the last "
        f"quarter of its images validation fell by {percent(max(data.late_fall, 0))}."
    )
    alt = f"Losses of the {title} stage over images seen; at the end {ends}."
    draft.pictures.append(draft.gallery.chart(f"losses-{data.stage}", charts.losses(data), alt, f"{title} stage"))


def samples(draft: Draft, found: Analysis) -> None:
    """A hundred samples, none chosen."""
    images = given(found.samples)[:100]
    draft.paragraphs.append(f"The first {len(images)} samples of seed 0, in order and none left out.")
    draft.pictures.append(
        draft.gallery.digits("samples", sheets.grid(images, 10), f"A sheet of {len(images)} generated digits.")
    )


def drawn(draft: Draft, found: Analysis) -> None:
    """How often each digit is drawn."""
    own = given(found.sweep).own.read
    if own is None:
        raise Missing("There are no judges for these digits, so nobody counts which digit each sample shows.")
    n = own.counts.sum()
    share = own.counts / n
    noise = Z * np.sqrt(share * (1 - share) / n)
    odd = [c for c in range(10) if abs(share[c] - found.frequencies[c]) > noise[c]]
    told = [f"{c} {percent(share[c])} (real {percent(found.frequencies[c])})" for c in odd]
    draft.paragraphs.append(
        f"Of {number(n)} samples as two judges read them, the digits whose share differs from that in real images by "
        f"more than the noise of counting (95 % each): {', '.join(told) or 'none'}."
    )
    alt = "Share of each digit in samples: " + ", ".join(f"{c} {s:.1%}" for c, s in enumerate(share))
    draft.pictures.append(
        draft.gallery.chart("digits-drawn", charts.digits_drawn(own.counts, found.frequencies), alt, "Digits drawn")
    )


def reconstructions(draft: Draft, found: Analysis) -> None:
    """Test digits in order, and the worst ones."""
    data = given(found.reconstructions)
    n, worst = min(40, len(data.originals)), np.argsort(-data.errors)[:WORST]
    draft.paragraphs.append(
        f"Above test digits, below what the VAE makes of them: {n} as they come, then the {len(worst)} worst of "
        f"{number(len(data.errors))}, whose MSE goes from {number(data.errors[worst[-1]])} to "
        f"{number(data.errors[worst[0]])} where the median is {number(float(np.median(data.errors)))}."
    )
    for name, rows, caption in (
        ("reconstructions", np.arange(n), "as they come"),
        ("reconstructions-worst", worst, "the worst"),
    ):
        sheet = sheets.pairs(data.originals[rows], data.decoded[rows], 10)
        alt = f"{len(rows)} test digits above their reconstructions: {caption}."
        draft.pictures.append(draft.gallery.digits(name, sheet, alt, caption.capitalize()))


def copies(draft: Draft, data: Neighbours) -> None:
    """The first samples beside their nearest training digits, those nearest of all, and all distances."""
    closest = data.closest(CLOSEST)
    draft.paragraphs.append(
        f"Above samples, below the training digit nearest to each (Euclidean, over pixels). The median distance of "
        f"{number(len(data.distances))} samples is {number(float(np.median(data.distances)))}; that of real test "
        f"digits {number(float(np.median(data.real)))}. Copies would lie near 0; the nearest sample of all lies at "
        f"{number(data.distances.min())}, the nearest real one at {number(data.real.min())}."
    )
    for name, rows, caption in (
        ("neighbours", np.arange(min(20, len(data.samples))), "the first samples"),
        ("neighbours-closest", closest, "the samples nearest to a training digit"),
    ):
        sheet = sheets.pairs(data.samples[rows], data.training[rows], 10)
        alt = f"{len(rows)} samples above their nearest training digits: {caption}."
        draft.pictures.append(draft.gallery.digits(name, sheet, alt, caption.capitalize()))
    alt = "Histograms of the distance to the nearest training digit, of samples and of real test digits."
    draft.pictures.append(draft.gallery.chart("neighbour-distances", charts.distances(data), alt, "All distances"))


PLANES = {
    "pca": ("Principal components", "The two directions of the largest variance of encoded test digits."),
    "tsne": (
        "t-SNE",
        "Neighbours stay neighbours, other distances mean little; both kinds of points are mapped at once.",
    ),
}


def plane(draft: Draft, found: Analysis, name: str) -> None:
    """Encoded test digits by class, and the flow's samples over them."""
    data, (title, said) = given(found.planes[name]), PLANES[name]
    draft.paragraphs.append(
        f"{title}: {said} {number(len(data.test))} test digits, coloured by class; rings are {number(len(data.flow))} "
        "samples of the flow."
    )
    alt = f"{title} of encoded test digits coloured by class, with the flow's samples over them."
    draft.pictures.append(draft.gallery.chart(f"latents-{name}", charts.plane(data), alt, title, charts.SQUARE))


def dimensions(draft: Draft, found: Analysis) -> None:
    """How many dimensions the latents really use."""
    parts, rows = given(found.components), given(found.shrunk)
    used = int(np.searchsorted(np.cumsum(parts.shares), 0.95)) + 1
    draft.paragraphs.append(
        f"{used} of {len(parts.shares)} principal components hold 95 % of the variance. With "
        f"{rows[-2].k} components kept the MSE is {figure(rows[-2].mse, rows[-2].error)}, with all "
        f"{rows[-1].k} it is {figure(rows[-1].mse, rows[-1].error)}."
    )
    alt = f"Share of variance over components kept; {used} hold 95 %."
    draft.pictures.append(draft.gallery.chart("components", charts.components(parts.shares), alt, "Variance"))
    alt = "MSE of test digits over components kept: " + ", ".join(f"{r.k}: {number(r.mse)}" for r in rows)
    draft.pictures.append(draft.gallery.chart("shrunk", charts.shrunk(rows), alt, "What a smaller latent would lose"))


def axes(draft: Draft, data: latents.Axes) -> None:
    """Rows of digits along every axis."""
    draft.paragraphs.append(
        f"From the mean of the latents, one number at a time goes from {number(-latents.REACH)} to "
        f"{number(latents.REACH)} standard deviations; the middle column is the mean. The axis that changes most comes "
        f"first. {data.active} of {data.size} axes are active (variance of the mean above {latents.ACTIVE})."
    )
    half = -(-len(data.order) // 2)
    for i, some in enumerate(filter(len, np.split(np.arange(len(data.order)), [half]))):
        sheet = sheets.rows(data.images[some], [f"z{data.order[k]}" for k in some])
        alt = "Digits along the latent axes " + ", ".join(f"z{data.order[k]}" for k in some)
        draft.pictures.append(draft.gallery.digits(f"axes-{i + 1}", sheet, alt))


def interpolations(draft: Draft, data: walks.Walks) -> None:
    """Between test digits of two classes, straight and along the flow."""
    draft.paragraphs.append(
        "Between test digits of two classes. Upper rows: straight between the two latents. Lower rows: both are "
        "followed back along the flow to their noises, and the flow carries points of the great "
        "circle between these to data. Straight walks cross empty space; the flow's stay among digits."
    )
    rows = np.stack([data.straight, data.flow], axis=1).reshape(-1, *data.straight.shape[1:])
    names = [name for a, b in data.pairs for name in (f"{a} to {b}", "flow")]
    alt = "Interpolations between digits " + ", ".join(f"{a} and {b}" for a, b in data.pairs)
    draft.pictures.append(draft.gallery.digits("interpolations", sheets.rows(rows, names), alt))


def trajectories(draft: Draft, found: Analysis) -> None:
    """Samples on their way, as a film strip and as an animation."""
    paths = given(found.paths)
    draft.paragraphs.append("Eight samples, a row each, from noise at the left (t = 0) to data at the right (t = 1).")
    film = sheets.film(paths, 8)
    alt = "Eight samples at eleven times: noise at the left, digits at the right."
    draft.pictures.append(draft.gallery.digits("trajectories", film, alt))
    parts, encoded = given(found.components), given(found.encoded)
    points = np.stack([parts.project(z) for z in paths.latents])
    some = slice(2000)
    gif, still = sheets.animation(paths, points, parts.project(encoded.test)[some], encoded.labels[some])
    draft.paragraphs.append(
        f"Moving: {paths.images.shape[1]} samples, and {number(paths.latents.shape[1])} of them as points among "
        "encoded test digits on the plane of the first two principal components."
    )
    alt = "Animation: noise becomes digits, while points spread from a round cloud over the clusters of test digits."
    draft.pictures.append(draft.gallery.moving("flow", gif, still, alt))


def solvers(draft: Draft, data: sweep.Sweep, tuned: bool) -> None:
    """Error and quality over evaluations, and all figures."""
    own = data.own
    draft.paragraphs.append(
        f"The same {number(data.n)} noises carried to data by every solver; the ring is the recipe's own, "
        f"{own.setting.solver} in {own.setting.steps} steps, whose latents lie {number(own.error)} (RMS, normalised) "
        f"from the exact solution (RK4 in {sweep.FINE} steps). "
        "Where lines level off, the model errs and not the solver."
    )
    if tuned:
        draft.paragraphs.append(
            "This model was tuned for its own steps: decoder and velocity make up for what those few leave, so other "
            "settings, the exact solution too, are not what it was made for."
        )
    alt = f"Error of the latent over evaluations for four solvers; the recipe's is {number(own.error)}."
    draft.pictures.append(draft.gallery.chart("solver-error", charts.solver_error(data), alt, "Error of the solver"))
    if own.read:
        alt = f"Fréchet distance over evaluations for four solvers; the recipe's is {number(own.read.frechet)}."
        draft.pictures.append(
            draft.gallery.chart("solver-quality", charts.quality(data), alt, "Quality of the samples")
        )
    else:
        draft.notes.append("There are no judges for these digits, so quality against steps is not shown.")
    draft.tables.append(solver_table(data))


def solver_table(data: sweep.Sweep) -> Table:
    """All settings with their figures."""
    head = ["solver", "steps", "evaluations", "RMS error", "Fréchet distance ± s.e.", "confidence ± s.e."]
    rows = [
        [
            f"{o.setting.solver}{' (the recipe’s)' if o.setting.own else ''}",
            str(o.setting.steps),
            str(o.setting.evaluations),
            number(o.error),
            figure(o.read.frechet, o.read.frechet_error) if o.read else "",
            figure(o.read.confidence, o.read.confidence_error) if o.read else "",
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
        f"{number(c.parameters)} parameters as the contest counted them, {number(c.with_buffers)} numbers with "
        f"buffers. A multiply-add counts as two operations; training took {c.training_flops:.2g} of them."
    )
    shown: list[tuple[str, dict[str, float]]] = [("numbers", dict(c.by_part)), ("a sample", dict(walking))]
    alt = "Shares of encoder, decoder and velocity in the numbers and in the operations of a sample."
    draft.pictures.append(draft.gallery.chart("parts", charts.parts(shown), alt, "Shares by part", (5.2, 2.4)))
    head = ["part", "numbers", "operations of one pass", "operations of a sample"]
    draft.tables.append(Table(title="By part", head=head, rows=rows))


def tradeoffs(draft: Draft, subject: Subject, found: Analysis) -> Section:
    """What costs most, and which change would move which category."""
    draft.paragraphs += costs(subject)
    if isinstance(found.ceiling, Ceiling):
        c = found.ceiling
        draft.paragraphs.append(
            f"Fréchet distances of {number(c.n)} images each, to real test images: real training images "
            f"{figure(c.real.frechet, c.real.frechet_error)}, their reconstructions "
            f"{figure(c.reconstructed.frechet, c.reconstructed.frechet_error)}"
            + (f", samples {figure(own.frechet, own.frechet_error)}." if (own := own_read(found)) else ".")
        )
    rows = [[lever.change, lever.moves, lever.effect, lever.price] for lever in levers(subject, found)]
    head = ["change", "would move", "what is known of it", "price"]
    draft.tables.append(Table(title="Which change would move which category", head=head, rows=rows))
    return draft.section()


def own_read(found: Analysis) -> Read | None:
    """What the judges read in samples by the recipe's solver; None where that is unknown."""
    return None if isinstance(found.sweep, Missing) else found.sweep.own.read
