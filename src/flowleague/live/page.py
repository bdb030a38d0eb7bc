"""The live generator: a piece of HTML for any page, and a page of its own, which need no server and no network.

A page that holds pieces includes `STYLE` and, after the last of them, what `script` gives once. Nothing in a piece asks
for more than a policy of ``script-src 'self'; style-src 'self'``.
"""

import base64
import hashlib
from functools import cache
from typing import Any

from markupsafe import Markup

from flowleague.bundle.read import Bundle
from flowleague.bundle.recipe import GAP
from flowleague.bundle.solvers import BACKWARD_STEPS, SOLVERS
from flowleague.errors import LiveError
from flowleague.live.entry import DIGITS, MOST_NUMBERS, block, entry_data, plans_of
from flowleague.live.networks import networks
from flowleague.live.reading import reading
from flowleague.pages import packaged, script_json, templates
from flowleague.program.cost import cost
from flowleague.program.format import Entry
from flowleague.text import number

PACKAGE = "flowleague.live"
PARTS = (
    "tensors", "elements", "moves", "over", "products", "matrices", "sampling", "draws", "interpreter", "replay",
    "entry", "model", "noise", "directions", "tools", "reader", "way", "map", "sheet", "pad", "drawing", "address",
    "start",
)  # fmt: skip
MARK = "flowleague-live/1"  # stands in every page


SOURCES = [packaged("flowleague", "text.js"), *(packaged(PACKAGE, f"page/{part}.js") for part in PARTS)]
STYLE = packaged(PACKAGE, "page/live.css")
_pages = templates(PACKAGE, "page", {"number": number})


@cache
def script(dataset: str = "mnist") -> str:
    """The script of a page whose models draw the digits of a data set; for MNIST's, a judge in it reads along."""
    return (
        f'(() => {{\n"use strict";\nconst READING = {script_json(reading(dataset))};\n' + "\n".join(SOURCES) + "})();\n"
    )


def live_piece(content: Bundle | Entry, *, seed: int = 0, heading: int = 2) -> Markup:
    """The live generator of a bundle or a captured entry, as HTML to stand in any page.

    Its sections have headings of level `heading`. Raises `LiveError` when a page cannot run it.
    """
    data = _bundle_data(content) if isinstance(content, Bundle) else entry_data(content)
    piece = _pages.get_template("piece.html")
    flow, latent = isinstance(content, Bundle), data["latent"]
    return Markup(piece.render(data=script_json(data), latent=latent, seed=seed, heading=heading, flow=flow))


def _bundle_data(bundle: Bundle) -> dict[str, Any]:
    if bundle.parameters > MOST_NUMBERS:
        raise LiveError(
            f"The model has {bundle.parameters:,} parameters, and a page runs at most {MOST_NUMBERS:,}; "
            "show its samples as pictures."
        )
    vae, flow, made = bundle.recipe.vae, bundle.recipe.flow, networks(bundle)
    return {
        "latent": vae.latent,
        "batch": made.batch,
        "solver": flow.solver,
        "steps": flow.steps,
        "cut": flow.cut,
        "backward": BACKWARD_STEPS,
        "solvers": {
            name: {"stages": [row.coefficients for row in tableau.stages], "weights": tableau.end.coefficients}
            for name, tableau in SOLVERS.items()
        },
        "source": {"clusters": flow.clusters, "gap": GAP, "temperature": flow.temperature},
        "programs": {name: plans_of(name, made, (1, DIGITS)) for name in made.programs},
        **block(made),
    }


def live_page(content: Bundle | Entry, name: str, *, seed: int = 0) -> str:
    """A page that holds the live generator under a name, in one file; raises `LiveError`."""
    style = packaged(PACKAGE, "page/page.css") + STYLE
    run = script(content.recipe.dataset if isinstance(content, Bundle) else "mnist")
    return _pages.get_template("page.html").render(
        name=name,
        mark=MARK,
        parameters=parameters(content),
        piece=live_piece(content, seed=seed),
        style=Markup(style),
        style_hash=Markup(_hash(style)),
        script=Markup(run),
        script_hash=Markup(_hash(run)),
    )


def parameters(content: Bundle | Entry) -> int:
    """The parameters of a bundle, or the numbers that a captured entry holds."""
    return content.parameters if isinstance(content, Bundle) else round(cost(content).numbers)


def _hash(text: str) -> str:
    """As a Content-Security-Policy names a script or style that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
