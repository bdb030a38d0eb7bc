"""Recipe files: the same keys and limits as --set, and errors that name the line."""

from pathlib import Path

import pytest

from flowleague.bundle.recipe import get_recipe
from flowleague.errors import RecipeError


def written(folder: Path, text: str) -> str:
    path = folder / "my.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("tables", [False, True])
def test_a_file_gives_what_the_same_words_of_set_give(tables: bool, tmp_path: Path) -> None:
    dotted = "vae.latent = 16\nvae.grid = false\nflow.lr = 1e-2\ntune.images = 0\n"
    table = "[vae]\nlatent = 16\ngrid = false\n[flow]\nlr = 1e-2\n[tune]\nimages = 0\n"
    file = written(tmp_path, f'\ufeffbase = "quick"\nseed = 3\n{table if tables else dotted}')
    changes = ["seed=3", "vae.latent=16", "vae.grid=false", "flow.lr=1e-2", "tune.images=0"]
    about = "quick with seed=3, vae.latent=16, vae.grid=False, flow.lr=0.01, tune.images=0"
    assert get_recipe(file) == get_recipe("quick", [*changes, "name=my", f"about={about}"])
    assert get_recipe(file, ["vae.latent=12", "seed=0"]).vae.latent == 12


def test_a_file_may_name_and_describe_itself(tmp_path: Path) -> None:
    recipe = get_recipe(written(tmp_path, 'base = "tiny"\nname = "ours"\nabout = "smaller"\n'))
    assert (recipe.name, recipe.about, recipe.vae) == ("ours", "smaller", get_recipe("tiny").vae)
    assert get_recipe(written(tmp_path, 'base = "tiny"')).about == "tiny as it ships"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: it does not say which recipe it changes; write base"),
        ('\nbase = "slow"', "line 2: base = slow is no recipe"),
        ("base = 3", "line 1: base = 3 is no recipe"),
        ('base = "quick"\nvae.latent =', "line 2: this is not TOML: Invalid value"),
        ('base = "quick"\n# a comment\nvae.latents = 3', r"line 3: a recipe has no vae\.latents; it has: name, about"),
        ('base = "quick"\n[vae]\n\nlatent = 50\n', r"line 4: The recipe cannot be used: vae\.latent = 50 is not"),
        ('base = "quick"\nvae = 3', "line 2: a recipe has no vae"),
        ('base = "quick"\nvae.latent.more = 3', r"line 2: a recipe has no vae\.latent\.more"),
        ('base = "quick"\nseed = [1]', "line 2: The recipe cannot be used: seed = a list is not allowed"),
        ('base = "quick"\nseed = 1\nvae.latent = 16', "line 3: The 7x7 grid has 49 numbers, not 16"),
        ('base = "quick"\nflow.solver = "dopri"', "line 2: There is no solver 'dopri'"),
    ],
)
def test_faults_name_the_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=words):
        get_recipe(written(tmp_path, text))


def test_a_fault_of_a_change_is_told_without_a_line_and_what_is_no_file_in_a_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, 'base = "quick"\n')
    with pytest.raises(RecipeError, match=r"^The recipe cannot be used: vae.latent = '50'"):
        get_recipe(file, ["vae.latent=50"])
    with pytest.raises(RecipeError, match="There is no recipe file"):
        get_recipe(str(tmp_path / "none.toml"))
    (tmp_path / "my.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="text in UTF-8"):
        get_recipe(file)
    (tmp_path / "my.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(RecipeError, match="a few lines"):
        get_recipe(file)
