"""The text of a submission: the template beside this file, completed with source text of `flowleague.model`.

The template holds the interface that the contest calls, and the constants as a class's: the class contest's evaluator
ran imports, classes and functions of a file, and no assignments. The networks, and what else it refers to, are the
source text of the modules that the bundle's own model runs; only what the recipe needs is taken.
"""

from typing import Any

from flowleague.bundle.recipe import GAP, FlowRecipe, VAERecipe
from flowleague.bundle.solvers import BACKWARD_STEPS, SOLVERS, Row, Tableau
from flowleague.model import autoencoder, sampler, similarity, source, velocity
from flowleague.model.autoencoder import vae_arguments
from flowleague.model.export.source_text import definitions, qualified, without_unused_members
from flowleague.pages import templates


def submission(
    vae: VAERecipe,
    flow: FlowRecipe,
    *,
    team: str,
    names: str,
    vae_file: str,
    flow_file: str,
    vae_link: str,
    flow_link: str,
) -> str:
    """The source of a `SubmissionInterface`; an empty link leaves a marked place for it."""
    template = templates("flowleague.model.export", "", {"literal": literal}).get_template("submission.py.jinja")
    content: dict[str, Any] = {
        "vae": vae,
        "flow": flow,
        "arguments": {name: getattr(value, "__name__", value) for name, value in vae_arguments(vae).items()},
        "cut": flow.cut < 1,
        "before": flow.steps_to_cut(flow.steps),
        "backward": BACKWARD_STEPS,
        "gap": GAP * (1 - flow.cut),
        "decode": "self._decode" if flow.cut < 1 else "self.vae.decode",
        "solver": SOLVERS[flow.solver].title,
        "step": step_lines(SOLVERS[flow.solver]),
        "team": team,
        "names": names,
        "vae_file": vae_file,
        "flow_file": flow_file,
        "vae_link": vae_link,
        "flow_link": flow_link,
    }
    interface = template.render(content, constants=[], code=[])
    constants, code = definitions(interface, source, similarity, autoencoder, velocity, sampler)
    inside = [constant.replace("\n", "\n    ") for constant in constants]
    text = template.render(content, constants=inside, code=qualified(code, constants, "Settings")) + "\n"
    return without_unused_members(text, public="SubmissionInterface")


def step_lines(tableau: Tableau) -> list[str]:
    """The body of ``step(v, x, t, h)``, one step of a method, as lines of Python.

    >>> step_lines(SOLVERS["midpoint"])[1:]
    ['k1 = v(x, t)', 'k2 = v(x + h / 2 * k1, t + h / 2)', 'return x + h * k2']
    """
    lines = [f'"""One step of {tableau.title} (order {tableau.order}) from x at time t to t + h."""']
    for number, row in enumerate(tableau.stages, 1):
        lines.append(f"k{number} = v({_moved(row)}, {_time(row)})")
    return [*lines, f"return {_moved(tableau.end)}"]


def _moved(row: Row) -> str:
    """x + h / unit * sum_j weights_j k_j."""
    terms = [(weight, f"k{number}") for number, weight in enumerate(row.weights, 1) if weight]
    if not terms:
        return "x"
    text = " + ".join(k if weight == 1 else f"{weight} * {k}" for weight, k in terms).replace("+ -", "- ")
    factor = "h" if row.unit == 1 else f"h / {row.unit}"
    return f"x + {factor} * {text if len(terms) == 1 and terms[0][0] == 1 else f'({text})'}"


def _time(row: Row) -> str:
    share = sum(row.weights)
    if not share:
        return "t"
    factor = "h" if share == 1 else f"{share} * h"
    return f"t + {'h' if share == row.unit else factor if row.unit == 1 else f'{factor} / {row.unit}'}"


def literal(text: str) -> str:
    """A text as a Python literal on one line, in the quotes that a formatter prefers; what is invisible is escaped.

    >>> print(literal('the "best"'), literal("two\\nlines"))
    'the "best"' "two\\nlines"
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    inner = "".join(repr(character)[1:-1] for character in text).replace(quote, f"\\{quote}")
    return f"{quote}{inner}{quote}"
