"""The template of one's own architecture runs as it is: check, training, notebook, score and submission."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tests.cli.test_commands import refuse, succeed
from tests.docs_folder import SCORED, stand_ins
from tests.notebooks.running import execute

SMALL = """
base = "quick"
dataset = "digits"
flow.steps = 2
flow.images = 3000
flow.batch = 100
critic.images = 200
critic.batch = 50
tune.images = 200
tune.batch = 50
[vae]
latent = 16
grid = false
refine = 1
images = 2000
batch = 50
"""


@pytest.fixture
def made(idx_folder: Path, tmp_path: Path) -> Path:
    """The template, with a recipe that trains on a few digits for a second."""
    assert "Next: cd mine && python check.py" in succeed("new-entry", "mine", cwd=tmp_path)
    (tmp_path / "mine" / "digits").symlink_to(idx_folder)
    return tmp_path / "mine"


def python(file: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, file], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    succeed("new-entry", "mine", cwd=tmp_path)
    before = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert before == ["README.md", "check.py", "model.py", "notebook.ipynb", "recipe.toml", "train.py"]
    assert "already holds something" in refuse("new-entry", "mine", cwd=tmp_path)
    notebook = nbformat.read(tmp_path / "mine" / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)


@pytest.mark.long
def test_the_template_is_checked_trained_scored_and_sent_in(made: Path) -> None:
    with (made / "recipe.toml").open("a") as file:
        file.write("refine = 1\n")  # of [vae]
    recipe = (made / "recipe.toml").read_text()
    (made / "recipe.toml").write_text(f'dataset = "digits"\n{recipe}')
    done = python("check.py", made)
    assert "Fine: " in done.stdout, done.stdout + done.stderr
    assert not (made / "entry").exists()
    (made / "recipe.toml").write_text(SMALL)
    done = python("train.py", made)
    assert done.stdout.splitlines()[-1].startswith("The entry is entry.zip"), done.stdout + done.stderr
    with stand_ins(made / "cache"):  # which read a hundred images
        assert json.loads(succeed("score", "entry.zip", *SCORED, "--json", cwd=made))
    succeed("contest", "new", "class", cwd=made)
    assert "of Mine is in" in succeed("contest", "submit", "entry.zip", "--team", "Mine", "-C", "class", cwd=made)


@pytest.mark.long
def test_a_mistake_in_the_model_is_one_sentence(made: Path) -> None:
    model = (made / "model.py").read_text()
    (made / "recipe.toml").write_text(SMALL)
    (made / "model.py").write_text(model.replace(", nn.Sigmoid()", ""))
    done = python("check.py", made)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "Not yet: decode gives" in done.stderr


@pytest.mark.long
def test_the_notebook_runs_and_captures_the_same_entry(made: Path) -> None:
    (made / "recipe.toml").write_text(SMALL)
    shutil.rmtree(made / "entry", ignore_errors=True)
    text = (made / "notebook.ipynb").read_text()
    text = text.replace("--dry-run", "--help")
    execute(nbformat.reads(text, as_version=4), made, 600)
    assert {"entry.zip", "elsewhere.zip", "samples.png"} <= {path.name for path in made.iterdir()}
