"""Recipes refuse what cannot be trained, in one sentence that names the key."""

import dataclasses

import pytest

from flowleague.bundle.recipe import RECIPES, flatten, get_recipe, read_recipe
from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import RecipeError


def test_a_change_reaches_its_value_with_its_type() -> None:
    recipe = get_recipe("quick", ["vae.latent=16", "vae.grid=false", "flow.ema=0.5", "dataset=kmnist", "budget=9"])
    assert (recipe.vae.latent, recipe.vae.grid, recipe.flow.ema) == (16, False, 0.5)
    assert (recipe.dataset, recipe.budget) == ("kmnist", 9)


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipes_survive_json(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.name == name
    assert read_recipe(dataclasses.asdict(recipe)) == recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("vae.latent=2", r"vae.latent = '2' is not allowed \(expected `int` >= 3\)"),
        ("vae.latent=50", r"vae.latent = '50' is not allowed \(expected `int` <= 49\)"),
        ("vae.latent=16", "The 7x7 grid has 49 numbers, not 16"),
        ("vae.latent=many", "vae.latent = 'many' is not allowed"),
        ("flow.coupling=magic", "flow.coupling = 'magic' is not allowed"),
        ("flow.solver=dopri", f"There is no solver 'dopri'; flow.solver is one of: {', '.join(SOLVERS)}"),
        ("flow.lr=-1", "flow.lr = '-1' is not allowed"),
        ("vae.latents=16", "'vae.latents=16' changes nothing"),
        ("vae=3", "'vae=3' changes nothing"),
        ("vae.latent.more=3", "changes nothing"),
        ("seed", "'seed' changes nothing: write KEY=VALUE"),
        ("=", "changes nothing"),
    ],
)
def test_bad_changes_are_refused(change: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        get_recipe("quick", [change])


def test_unknown_recipe_and_unknown_key_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"There is no recipe 'slow'; choose one of: quick"):
        get_recipe("slow")
    config = dataclasses.asdict(get_recipe("quick"))
    config["vae"]["depth"] = 3
    with pytest.raises(RecipeError, match=r"unknown key 'vae\.depth'"):
        read_recipe(config)
    with pytest.raises(RecipeError, match="cannot be used"):
        read_recipe(["not", "a", "dict"])


def test_a_number_may_begin_with_its_point() -> None:
    assert get_recipe("quick", ["flow.cut=.25"]).flow.cut == 0.25


def test_flatten_keeps_the_order_and_the_values() -> None:
    assert flatten({"a": 1, "b": {"c": 2, "d": {"e": 3}}}) == {"a": 1, "b.c": 2, "b.d.e": 3}
