"""The live generator: a piece of HTML for any page, and a page of its own, which need no server and no network.

A page that holds pieces includes `STYLE` and, after the last of them, `SCRIPT` once. Nothing in a piece asks for more
than a policy of ``script-src 'self'; style-src 'self'``.
"""

import base64
import dataclasses
import hashlib
import json
from importlib import resources

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from flowleague.errors import LiveError
from flowleague.generator.model import LatentFlow, cost
from flowleague.generator.source import GAP
from flowleague.live.export import export
from flowleague.live.latents import principal_directions
from flowleague.live.program import program

PARTS = ("ops", "network", "model", "noise", "tools", "sheet", "pad", "drawing", "start")
MOST_PARAMETERS = 3_000_000  # 16 MB of page


def _read(name: str) -> str:
    return (resources.files("flowleague.live") / "page" / name).read_text(encoding="utf-8")


SCRIPT = '(() => {\n"use strict";\n' + "\n".join(_read(f"{part}.js") for part in PARTS) + "})();\n"
STYLE = _read("live.css")
_pages = Environment(
    loader=PackageLoader("flowleague.live", "page"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def live_piece(model: LatentFlow, *, seed: int = 0, heading: int = 2) -> Markup:
    """The live generator of a model as HTML, to stand in any page; its sections have headings of level `heading`.

    Raises `LiveError` when the page cannot run the model.
    """
    costs = cost(model)
    if costs.parameters > MOST_PARAMETERS:
        raise LiveError(
            f"The model has {costs.parameters:,} parameters, and a page runs at most {MOST_PARAMETERS:,}; "
            "show its samples as pictures."
        )
    data = {
        "latent": model.recipe.vae.latent,
        "solver": model.recipe.flow.solver,
        "steps": model.recipe.flow.steps,
        "source": {"clusters": model.recipe.flow.clusters, "gap": GAP},
        "directions": [dataclasses.asdict(direction) for direction in principal_directions(model)],
        "networks": {name: program(network) for name, network in export(model).items()},
    }
    return Markup(
        _pages.get_template("piece.html").render(
            data=as_json(data), latent=model.recipe.vae.latent, seed=seed, heading=heading
        )
    )


def live_page(model: LatentFlow, *, seed: int = 0) -> str:
    """A page that holds the live generator of a model, in one file; raises `LiveError`."""
    style = _read("page.css") + STYLE
    return _pages.get_template("page.html").render(
        name=model.recipe.name,
        parameters=cost(model).parameters,
        piece=live_piece(model, seed=seed),
        style=Markup(style),
        style_hash=Markup(_hash(style)),
        script=Markup(SCRIPT),
        script_hash=Markup(_hash(SCRIPT)),
    )


def as_json(data: object) -> Markup:
    """JSON for a script element of HTML: with no `<`, `>` or `&` in it, whatever its texts say."""
    text = json.dumps(data, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _hash(text: str) -> str:
    """As a Content-Security-Policy names a script or style that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
