"""Commands as a person types them: what they print, what they write, and how they refuse."""

import contextlib
import functools
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image
from tests.training.tiny import TINY

from flowleague.bundle.read import read_bundle
from flowleague.cli import main
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.card import training_flops_of

CHANGES = [word for change in TINY for word in ("--set", change)]


@dataclass
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


def flowleague(*words: object, cwd: Path | None = None) -> Done:
    """Run the command inside this process, as the console script does."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with (
        contextlib.chdir(cwd or "."),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", ["flowleague", *map(str, words)])
        patch.setenv("COLUMNS", "120")
        try:
            main()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return Done(status, out.getvalue(), err.getvalue())


def succeed(*words: object, cwd: Path | None = None) -> str:
    done = flowleague(*words, cwd=cwd)
    assert done.status == 0, done.err
    return done.out


def refuse(*words: object, cwd: Path | None = None) -> str:
    """The one sentence of a command that must fail: no traceback, exit status 2."""
    done = flowleague(*words, cwd=cwd)
    assert done.status == 2, done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert done.err.startswith("flowleague: ")
    assert done.err.count("\n") == 1
    return done.err


def picture(path: Path) -> tuple[tuple[int, int], int]:
    """Size and number of frames of a picture."""
    with Image.open(path) as image:
        return image.size, getattr(image, "n_frames", 1)


@pytest.fixture(scope="module")
def trained(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `train` was run with its default place for the run."""
    folder = tmp_path_factory.mktemp("a path with spaces")
    out = succeed("train", "quick", *CHANGES, "--set", f"dataset={idx_folder}", cwd=folder)
    assert "vae: 3,000 images in" in out
    validations = re.findall(
        r"^(\w+): ([\d,]+) of [\d,]+ images, \d+ s, loss \S+; on validation: mse ", out, re.MULTILINE
    )
    assert validations[-1] == ("vae", "3,000")
    assert len(validations) == 25
    assert "Next: flowleague score runs/quick" in out
    return folder


def test_train_leaves_a_bundle_and_says_so_when_asked_again(trained: Path, idx_folder: Path) -> None:
    names = {path.name for path in (trained / "runs" / "quick").iterdir()}
    assert names == {"config.json", "vae.safetensors", "flow.safetensors", "training.jsonl", "card.json"}
    assert (trained / "runs" / "quick.zip").exists()
    words = ("train", "quick", *CHANGES, "--set", f"dataset={idx_folder}")
    assert "is finished already" in succeed(*words, "--resume", cwd=trained)
    assert "already holds something; choose another folder, or go on with --resume" in refuse(*words, cwd=trained)


def test_a_recipe_file_trains_a_run_that_says_what_it_is(idx_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f'base = "quick"\nseed = 3\ndataset = "{idx_folder}"\ntune.lr = 0.001\n')
    out = succeed("train", "mine.toml", *CHANGES, cwd=tmp_path)
    assert "Next: flowleague score runs/mine-seed3" in out
    assert "recipe mine, seed 3" in succeed("show", "runs/mine-seed3", cwd=tmp_path)
    config = json.loads((tmp_path / "runs/mine-seed3/config.json").read_text())["recipe"]
    assert (config["name"], config["tune"]["lr"]) == ("mine", 0.001)
    assert config["about"].startswith("quick with seed=3, dataset=")
    assert json.loads((tmp_path / "runs/mine-seed3/card.json").read_text())["recipe"] == "mine"
    (tmp_path / "mine.toml").write_text('base = "quick"\n\nvae.latent = 50\n')
    assert "mine.toml, line 3: The recipe cannot be used: vae.latent = 50" in refuse("train", "mine.toml", cwd=tmp_path)


def test_a_finished_bundle_gets_another_solver_and_its_card_says_so(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "other.zip"
    said = succeed("set", "runs/quick", "--solver", "euler", "--steps", 3, "--out", out, cwd=trained)
    assert "flow.solver: heun -> euler\nflow.steps: 4 -> 3" in said
    before, after = (read_bundle(path) for path in (trained / "runs/quick", out))
    assert (after.recipe.flow.solver, after.recipe.flow.steps, after.trained) == ("euler", 3, before.recipe)
    assert (after.sha256, after.log) == (before.sha256, before.log)
    assert (before.card["cost"]["evaluations"], after.card["cost"]["evaluations"]) == (8, 3)
    assert after.card["cost"]["training_flops"] == training_flops_of(after) == training_flops_of(before)
    images = LatentFlow.load(trained / "runs/quick").generate(4, seed=1, solver="euler", steps=3)
    assert torch.equal(LatentFlow.load(out).generate(4, seed=1), images)
    assert "flow.steps in training" in succeed("show", out)
    back = tmp_path / "back.zip"
    succeed("set", out, "--solver", "heun", "--steps", 4, "--out", back)
    assert read_bundle(back).recipe == before.recipe
    assert "trained_with" not in read_bundle(back).card
    cooler = tmp_path / "cooler.zip"
    assert "flow.temperature: 1.0 -> 0.9" in succeed("set", back, "--temperature", 0.9, "--out", cooler)
    assert read_bundle(cooler).recipe.flow.temperature == 0.9
    assert read_bundle(cooler).card["trained_with"] == {"flow.temperature": 1.0}
    for words, sentence in {
        (): "Nothing is to be changed",
        ("--steps", 4): "has these values already",
        ("--solver", "dopri"): "There is no solver 'dopri'",
    }.items():
        assert sentence in refuse("set", "runs/quick", *words, "--out", tmp_path / "no.zip", cwd=trained)
    assert "no known ending" in refuse("set", "runs/quick", "--steps", 3, "--out", tmp_path / "no", cwd=trained)
    assert not (tmp_path / "no.zip").exists()


def test_show_says_how_many_steps_lead_to_the_cut() -> None:
    assert re.search(r"steps to the cut at t = 0.25 +1, the rest decode$", succeed("show", "tiny"), re.MULTILINE)


@pytest.mark.parametrize("place", ["runs/quick", "runs/quick.zip"])
def test_show_counts_and_generate_draws(place: str, trained: Path, tmp_path: Path) -> None:
    out = succeed("show", place, cwd=trained)
    assert re.search(r"evaluations per sample \(NFE\) +8$", out, re.MULTILINE)
    assert json.loads(succeed("show", place, "--json", cwd=trained))["latent"] == 49
    for name in ("a.png", "a.gif", "a.npz", "a.safetensors"):
        assert f"Wrote {tmp_path / name}" in succeed("generate", place, "--out", tmp_path / name, "--n", 9, cwd=trained)
    assert picture(tmp_path / "a.png") == ((184, 184), 1)  # 2 * (3 * 30 + 2)
    assert picture(tmp_path / "a.gif") == ((184, 184), 24)  # on the way through four steps
    numbers = np.load(tmp_path / "a.npz")["images"]
    assert numbers.shape == (9, 1, 28, 28)
    assert np.array_equal(numbers, safetensors.numpy.load_file(tmp_path / "a.safetensors")["images"])


def test_a_file_that_exists_is_kept_unless_forced(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.png"
    out.write_text("precious")
    words = ("generate", "runs/quick", "--out", out, "--n", 1)
    assert "exists; choose another name or add --force" in refuse(*words, cwd=trained)
    assert out.read_text() == "precious"
    succeed(*words, "--force", cwd=trained)
    assert picture(out) == ((64, 64), 1)


def test_reconstruct_draws_pairs(trained: Path, tmp_path: Path) -> None:
    succeed("reconstruct", "runs/quick", "--out", tmp_path / "r.png", "--n", 13, cwd=trained)
    assert picture(tmp_path / "r.png") == ((604, 244), 1)


def test_recipes_and_data_are_listed(idx_folder: Path) -> None:
    assert "vae.kl_weight" in succeed("recipes")
    out = succeed("data", idx_folder)
    assert "train       1,100 images" in out
    assert "SHA-256 of train-images" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train", "slow"), "There is no recipe 'slow'; choose one of: quick"),
        (("train", "--set", "vae.latent=50"), "vae.latent = '50' is not allowed"),
        (("train", "--set", "vae.latent=2"), "vae.latent = '2' is not allowed"),
        (("train", "--set", "vae.depth=2"), "'vae.depth=2' changes nothing"),
        (("train", "--budget", "-3"), "budget = '-3.0' is not allowed"),
        (("train", "--device", "tpu"), "There is no device 'tpu' here; use one of: cpu"),
        (("train", "--data", "/nowhere"), "/nowhere holds no train-images-idx3-ubyte"),
        (("show", "/nowhere"), "There is no bundle at /nowhere"),
        (("generate", "/nowhere", "--out", "x.png"), "There is no bundle at /nowhere"),
        (("generate", "/nowhere", "--out", "x.bmp"), "x.bmp has no known ending"),
        (("data", "cifar"), "There is no data set 'cifar'"),
    ],
)
def test_bad_input_is_one_sentence(words: tuple, sentence: str, tmp_path: Path) -> None:
    assert sentence in refuse(*words, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_diverging_run_says_what_to_do(idx_folder: Path, tmp_path: Path) -> None:
    out = refuse("train", *CHANGES, "--set", f"dataset={idx_folder}", "--set", "flow.lr=1e18", cwd=tmp_path)
    assert "Training of the flow diverged at step" in out
    assert "lower --set flow.lr" in out
    assert (tmp_path / "runs" / "quick" / "vae.safetensors").exists()  # the first stage is not lost


def test_a_read_only_place_is_one_sentence(trained: Path) -> None:
    sentence = refuse("generate", "runs/quick", "--out", "/proc/nothing/x.png", "--n", 1, cwd=trained)
    assert "/proc/nothing/x.png could not be written" in sentence


def test_ctrl_c_says_how_to_resume(idx_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flowleague", "train", *CHANGES, "--set", f"dataset={idx_folder}"]
    command += ["--set", "vae.images=10000000"]
    # A shell's background jobs ignore Ctrl-C, and their children inherit that: here it is heard in any case.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=heard)
    while not (tmp_path / "runs" / "quick" / "training.jsonl").exists():
        time.sleep(0.1)
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=600)
    assert process.returncode in (130, -signal.SIGINT)  # a shell calls both 130
    assert "the same command with --resume continues from the checkpoint in runs/quick" in out


def test_help_shows_an_example_for_every_command() -> None:
    from flowleague.cli import app

    for command in app.registered_commands:
        assert command.epilog is not None
        assert command.epilog.startswith("Example: flowleague ")
    assert "Example: flowleague train quick" in succeed("train", "--help")


def test_importing_and_asking_for_help_load_nothing_heavy() -> None:
    check = (
        "import sys, flowleague, flowleague.cli; print([m for m in ('torch', 'scipy', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.stdout == "[]\n"
    listing = "import sys; from flowleague.cli import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True)
    assert "Usage: " in done.stdout
    assert "torch" not in done.stdout.split()


def test_version() -> None:
    from importlib.metadata import version

    assert re.fullmatch(rf"flowleague {re.escape(version('flowleague'))}\+[0-9a-f]{{8}}\n", succeed("--version"))
