"""The text of a submission: safe whatever the names, formatted, and no longer than its recipe needs."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.export.fresh import KINDS, fresh_recipe

from flowleague.bundle.recipe import get_recipe
from flowleague.bundle.solvers import SOLVERS, Row, Tableau
from flowleague.model import autoencoder, sampler, similarity, velocity
from flowleague.model import source as source_of_noise
from flowleague.model.autoencoder import BLOCKS
from flowleague.model.export.script import literal, step_lines, submission
from flowleague.model.sampler import step

NASTY = st.text(st.sampled_from("\"'\\\n\r\t{}%#$xnuN\0\x7f\u202e\u200dé龍🦊")) | st.text(
    st.characters(exclude_categories=())
)
PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
LINK = "https://drive.google.com/file/d/1aB-_aaaaaaaaaaaaaaaaaaaaaaaaaaaaa/view?usp=sharing"
MODULES = autoencoder, velocity, source_of_noise, sampler, similarity  # whose text a packed file holds


def source(
    team: str = "The Latents", names: str = "", kind: str = "grid", solver: str = "heun", steps: int = 4, link: str = ""
) -> str:
    recipe = fresh_recipe(kind, solver, steps)
    return submission(
        recipe.vae,
        recipe.flow,
        team=team,
        names=names,
        vae_file="the_latents_vae_1a2b3c4d.safetensors",
        flow_file="the_latents_flow_5e6f7a8b.safetensors",
        vae_link=link,
        flow_link=link,
    )


def ruff(*words: str, text: str) -> str:
    """What ruff says about a text, formatted by our settings; empty when all is well."""
    command = [sys.executable, "-m", "ruff", *words, "--config", str(PYPROJECT), "--stdin-filename", "file.py", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).decode()


@given(NASTY)
def test_a_literal_is_the_text_on_one_printable_line(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert literal(text).isprintable()


@settings(max_examples=settings().max_examples // 3)
@given(st.lists(NASTY, min_size=20))
def test_a_formatter_leaves_literals_alone(texts: list[str]) -> None:
    lines = "".join(f"    {literal(text)},\n" for text in texts)
    assert ruff("format", "--diff", text=f"TEXTS = [\n{lines}]\n") == ""


@given(NASTY, NASTY)
def test_names_change_nothing_but_the_info(team: str, names: str) -> None:
    tree, plain = ast.parse(source(team, names)), ast.parse(source("x", "y"))
    infos = []
    for module in (tree, plain):
        assigned = [node for node in ast.walk(module) if isinstance(node, ast.Assign)]
        (node,) = (node for node in assigned if ast.unparse(node.targets[0]) == "self.info")
        infos.append(ast.literal_eval(node.value))
        node.value = ast.Constant(None)
    assert infos == [{"team": team, "names": names}, {"team": "x", "names": "y"}]
    assert ast.dump(tree) == ast.dump(plain)


@pytest.mark.parametrize("link", ["", LINK])
@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_formatted_and_checked_as_ours_is(kind: str, link: str) -> None:
    for solver in SOLVERS:
        for team, steps in (("The Latents", 1000), ("{{ 7 * 7 }} <b>'\"\n🦊" * 20, 1 + (kind == "cut"))):
            text = source(team, "A. Student", kind, solver, steps, link)
            assert ruff("format", "--diff", text=text) == ""
        assert ruff("check", text=source("The Latents", "A. Student", kind, solver, 1000, link)) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_only_torch_safetensors_and_gdown_are_needed(kind: str) -> None:
    tree = ast.parse(source(kind=kind))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    needed = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert needed == {"torch", "safetensors", "gdown"}
    at_once = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert "gdown" not in at_once


def test_the_text_holds_what_its_recipe_needs_and_no_more() -> None:
    grid, vector = source(kind="grid", solver="euler"), source(kind="vector", solver="rk4")
    names = ("DepthwiseBlock", "grid_ends", "shift_largest", "GAP", "refined", "EPSILON"), ("DenseBlock", "vector_ends")
    for word, there in (("Euler", True), ("Runge", False), *((name, True) for name in names[0])):
        assert (word in grid) is there
        assert (word in vector) is not there
    for word in (*names[1], "Runge"):
        assert word in vector
        assert word not in grid
    assert "SSIM" not in (grid + vector).upper()
    assert "structural_similarity" in source(kind="structure", solver="euler")
    for word in ("flowleague", "normed", "normalise(", "matrix_heavy", "pyright", "clustered", "Recipe"):
        assert not re.search(rf"\b{re.escape(word)}", grid + vector, re.IGNORECASE)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_networks_are_the_source_text_of_the_model(kind: str, block: str) -> None:
    """Every class and function but the interface's own stands in a module, word for word but for members left out."""
    recipe = get_recipe("quick", [*KINDS[kind], f"vae.block={block}"])
    text = submission(
        recipe.vae, recipe.flow, team="x", names="", vae_file="a", flow_file="b", vae_link="", flow_link=""
    )
    modules = "".join(inspect.getsource(module) for module in MODULES)
    unqualified = text.replace("Settings.", "")
    parts = {
        node.name: node for node in ast.parse(unqualified).body if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    ours = {node.name: node for node in ast.parse(modules).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert BLOCKS[block].__name__ in parts
    assert parts.keys() - ours.keys() == {"Settings", "load_weights", "SubmissionInterface"}
    for name in parts.keys() & ours.keys() - {"step"}:
        members = {ast.dump(member) for member in ours[name].body}
        assert {ast.dump(member) for member in parts[name].body} <= members
    assert ruff("check", text=text) == ruff("format", "--diff", text=text) == ""


def test_places_without_a_link_are_marked() -> None:
    assert source().count("PASTE THE LINK") == 2
    assert "PASTE" not in source(link=LINK)


EIGHTHS = Tableau("the 3/8 rule", 4, (Row(), Row((1,), 3), Row((-1, 3), 3), Row((1, -1, 1))), Row((1, 3, 3, 1), 8))


@pytest.mark.parametrize("tableau", [*SOLVERS.values(), EIGHTHS], ids=lambda tableau: tableau.title)
def test_the_step_in_the_file_is_the_step_of_the_sampler(tableau: Tableau) -> None:
    names: dict = {}
    exec("def step(v, x, t, h):\n" + "".join(f"    {line}\n" for line in step_lines(tableau)), names)
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    torch.testing.assert_close(
        names["step"](lambda x, t: torch.sin(3 * x + t), x, 0.3, 0.2),
        step(lambda x, t: torch.sin(3 * x + t), x, 0.3, 0.2, tableau),
    )


def test_a_solver_that_is_added_needs_no_other_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOLVERS, "eighths", EIGHTHS)
    text = source(solver="eighths")
    assert "k3 = v(x + h / 3 * (-1 * k1 + 3 * k2), t + 2 * h / 3)" in text
    assert ruff("check", text=text) == ruff("format", "--diff", text=text) == ""
