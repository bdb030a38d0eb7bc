"""The live generator: a piece of HTML for any page, and a page of its own, which need no server and no network.

A page that holds pieces includes `STYLE` and, after the last of them, `SCRIPT` once. Nothing in a piece asks for more
than a policy of ``script-src 'self'; style-src 'self'``.
"""

import base64
import hashlib

from markupsafe import Markup

from flowleague.bundle.read import Bundle
from flowleague.bundle.recipe import GAP
from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import LiveError
from flowleague.live.onnx import networks
from flowleague.live.program import program
from flowleague.pages import packaged, script_json, templates
from flowleague.text import number

PACKAGE = "flowleague.live"
PARTS = ("ops", "network", "model", "noise", "directions", "tools", "sheet", "pad", "drawing", "start")
MOST_PARAMETERS = 3_000_000  # 16 MB of page
MARK = "flowleague-live/1"  # stands in every page


SOURCES = [packaged("flowleague", "text.js"), *(packaged(PACKAGE, f"page/{part}.js") for part in PARTS)]
SCRIPT = '(() => {\n"use strict";\n' + "\n".join(SOURCES) + "})();\n"
STYLE = packaged(PACKAGE, "page/live.css")
_pages = templates(PACKAGE, "page", {"number": number})


def live_piece(bundle: Bundle, *, seed: int = 0, heading: int = 2) -> Markup:
    """The live generator as HTML, to stand in any page; its sections have headings of level `heading`.

    Raises `LiveError` when a page cannot run it.
    """
    if bundle.parameters > MOST_PARAMETERS:
        raise LiveError(
            f"The model has {bundle.parameters:,} parameters, and a page runs at most {MOST_PARAMETERS:,}; "
            "show its samples as pictures."
        )
    vae, flow = bundle.recipe.vae, bundle.recipe.flow
    data = {
        "latent": vae.latent,
        "solver": flow.solver,
        "steps": flow.steps,
        "solvers": {
            name: {"stages": [row.coefficients for row in tableau.stages], "weights": tableau.end.coefficients}
            for name, tableau in SOLVERS.items()
        },
        "source": {"clusters": flow.clusters, "gap": GAP},
        "networks": {name: program(network) for name, network in networks(bundle).items()},
    }
    piece = _pages.get_template("piece.html")
    return Markup(piece.render(data=script_json(data), latent=vae.latent, seed=seed, heading=heading))


def live_page(bundle: Bundle, name: str, *, seed: int = 0) -> str:
    """A page that holds the live generator under a name, in one file; raises `LiveError`."""
    style = packaged(PACKAGE, "page/page.css") + STYLE
    return _pages.get_template("page.html").render(
        name=name,
        mark=MARK,
        parameters=bundle.parameters,
        piece=live_piece(bundle, seed=seed),
        style=Markup(style),
        style_hash=Markup(_hash(style)),
        script=Markup(SCRIPT),
        script_hash=Markup(_hash(SCRIPT)),
    )


def _hash(text: str) -> str:
    """As a Content-Security-Policy names a script or style that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
