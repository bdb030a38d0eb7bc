"""What the model makes: samples, reconstructions, and how near the samples are to training digits."""

import numpy as np

from flowleague.bundle.read import Bundle
from flowleague.errors import LiveError
from flowleague.live import live_page
from flowleague.program.format import Entry
from flowleague.report import charts, sheets
from flowleague.report.analysis import Analysis, given
from flowleague.report.missing import Missing
from flowleague.report.neighbours import Neighbours
from flowleague.report.sections.draft import Draft
from flowleague.text import number, percent

_WORST, _CLOSEST = 10, 10
Z = 1.96  # of a normal 95 % interval


def samples(draft: Draft, found: Analysis) -> None:
    """A hundred samples, none chosen."""
    images = given(found.samples)[:100]
    draft.paragraphs.append(f"The first {len(images)} samples of seed 0, in order and none left out.")
    draft.pictures.append(
        draft.gallery.digits("samples", sheets.grid(images, 10), f"A sheet of {len(images)} generated digits.")
    )


def drawn(draft: Draft, found: Analysis) -> None:
    """How often each digit is drawn."""
    own = given(found.sweep).own.verdict
    if own is None:
        raise Missing("There are no judges for these digits, so their shares among samples are unknown.")
    n = own.counts.sum()
    share = own.counts / n
    noise = Z * np.sqrt(share * (1 - share) / n)
    odd = [c for c in range(len(share)) if abs(share[c] - found.frequencies[c]) > noise[c]]
    told = [f"{c}: {percent(share[c])} (real {percent(found.frequencies[c])})" for c in odd]
    draft.paragraphs.append(
        f"Digits whose share of {number(n)} samples, as the judges read them, differs from that of real images by more "
        f"than the noise of counting (95 % each): {'; '.join(told) or 'none'}."
    )
    alt = "Share of each digit in samples: " + ", ".join(f"{c} {percent(s, 3)}" for c, s in enumerate(share))
    draft.pictures.append(
        draft.gallery.chart("digits-drawn", charts.digits_drawn(own.counts, found.frequencies), alt, "Digits drawn")
    )


def live(draft: Draft, model: Bundle | Entry, name: str) -> None:
    """The page in which the model runs, beside the report."""
    try:
        page = live_page(model, name)
    except LiveError as error:
        raise Missing(f"The model does not run in a page. {error}") from error
    follow = "follow them from noise, " if isinstance(model, Bundle) else ""
    said = f"draw digits from any seed, {follow}drag between them, draw your own; no network needed."
    draft.links.append(draft.gallery.page("live.html", page.encode(), "The model, running in a page", said))


def reconstructions(draft: Draft, found: Analysis) -> None:
    """Test digits in order, and the worst ones."""
    data = given(found.reconstructions)
    n, worst = min(40, len(data.originals)), np.argsort(-data.errors)[:_WORST]
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
    closest = data.closest(_CLOSEST)
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
