"""The latent space and the ways through it."""

import numpy as np

from flowleague.report import charts, latents, sheets, themes, walks
from flowleague.report.analysis import Analysis, given
from flowleague.report.sections.draft import Draft
from flowleague.text import figure, number

_PLANES = {
    "pca": ("Principal components", "The two directions of the largest variance of encoded test digits."),
    "tsne": (
        "t-SNE",
        "Neighbours stay neighbours; other distances mean little.",
    ),
}


def plane(draft: Draft, found: Analysis, name: str) -> None:
    """Encoded test digits by class, and the flow's samples over them."""
    data, (title, said) = given(found.planes[name]), _PLANES[name]
    draft.paragraphs.append(
        f"{title}: {said} {number(len(data.test))} test digits, coloured by class"
        + (f"; rings are {number(len(data.flow))} samples of the flow." if len(data.flow) else ".")
    )
    alt = f"{title} of encoded test digits coloured by class" + (
        ", the flow's samples over them." * bool(len(data.flow))
    )
    draft.pictures.append(draft.gallery.chart(f"latents-{name}", charts.plane(data), alt, title, themes.SQUARE))


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
        f"In each row one latent dimension goes from {number(-latents.REACH)} to {number(latents.REACH)} standard "
        "deviations about the mean, the others stay at it; the middle column is the mean. The axis that changes most "
        f"comes first. {data.active} of {data.size} axes are active (variance of the mean above {latents.ACTIVE})."
    )
    half = -(-len(data.order) // 2)
    for i, some in enumerate(filter(len, np.split(np.arange(len(data.order)), [half]))):
        sheet = sheets.rows(data.images[some], [f"z{data.order[k]}" for k in some])
        alt = "Digits along the latent axes " + ", ".join(f"z{data.order[k]}" for k in some)
        draft.pictures.append(draft.gallery.digits(f"axes-{i + 1}", sheet, alt))


def interpolations(draft: Draft, data: walks.Walks, clusters: int) -> None:
    """Between two samples, straight and along the flow."""
    jumps = " Where the noise comes in clusters, they jump from one to the other." if clusters else ""
    draft.paragraphs.append(
        "Between samples of the flow. Upper rows: straight between the two latents. Lower rows: the flow carries "
        f"points of the great circle between their two noises to data.{jumps}"
    )
    rows = np.stack([data.straight, data.flow], axis=1).reshape(-1, *data.straight.shape[1:])
    names = ["line", "flow"] * len(data.straight)
    alt = f"Between {len(data.straight)} pairs of samples, straight in the latents and along the flow"
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
    alt = "Animation: noise becomes digits, while points spread from it over the clusters of test digits."
    draft.pictures.append(draft.gallery.moving("flow", gif, still, alt))
