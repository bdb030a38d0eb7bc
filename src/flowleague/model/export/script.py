"""The text of a submission: the template beside this file, filled in for one recipe.

`submission.py.jinja` repeats the networks and solvers of `flowleague.model` as a reader of the contest meets
them: only what the recipe needs, under the same names in the weight files. The tests prove that both compute the same.
"""

from importlib.resources import files

import jinja2

from flowleague.bundle.recipe import GAP, Recipe
from flowleague.bundle.solvers import SOLVERS
from flowleague.model.autoencoder import BETA_1, BETA_2, EPSILON, RATE
from flowleague.model.velocity import FREQUENCIES


def submission(
    recipe: Recipe, *, team: str, names: str, vae_file: str, flow_file: str, vae_link: str, flow_link: str
) -> str:
    """The source of a `SubmissionInterface`; an empty link leaves a marked place for it."""
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["literal"] = literal
    template = files("flowleague.model.export").joinpath("submission.py.jinja").read_text("utf-8")
    return environment.from_string(template).render(
        recipe=recipe,
        solver=SOLVERS[recipe.flow.solver].title,
        frequencies=FREQUENCIES,
        gap=GAP,
        refining={"RATE": RATE, "BETA_1": BETA_1, "BETA_2": BETA_2, "EPSILON": EPSILON},
        team=team,
        names=names,
        vae_file=vae_file,
        flow_file=flow_file,
        vae_link=vae_link,
        flow_link=flow_link,
    )


def literal(text: str) -> str:
    """A text as a Python literal on one line, in the quotes that a formatter prefers; what is invisible is escaped."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    inner = "".join(repr(character)[1:-1] for character in text).replace(quote, f"\\{quote}")
    return f"{quote}{inner}{quote}"
