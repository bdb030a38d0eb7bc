"""Without the libraries of an extra, commands work or name the extra in one sentence."""

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from flowleague import shipped
from flowleague.cli import terminal

RUN = """
import sys
names = "torch scipy einops torchdiffeq tqdm sklearn matplotlib huggingface_hub google.auth"
sys.modules |= dict.fromkeys(names.split())
from flowleague.__main__ import run
run()
"""


def without_extras(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("core")
    assert without_extras("contest", "new", "class", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("models",),
        ("recipes",),
        ("show", "tiny"),
        ("compare", "tiny", "base"),
        ("live", "tiny", "-o", "live.html"),
        ("contest", "submit", "tiny", "--team", "Ours", "-C", "class"),
        ("contest", "rank", "-C", "class"),
        ("board", "class", "-o", "site"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_who_ranks_and_publishes_needs_no_extra(words: tuple[str, ...], place: Path) -> None:
    done = without_extras(*words, cwd=place)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("train", "quick"),
        ("score", shipped.bundle("tiny")),
        ("generate", "tiny", "--out", "a.png"),
        ("capture", "tiny", "-o", "a.zip"),
        ("contest", "evaluate", "-C", "class"),
    ],
    ids=lambda words: str(words[0]),
)
def test_what_runs_models_names_the_extra(words: tuple[object, ...], place: Path) -> None:
    without_extras("contest", "submit", "base", "--team", "More", "-C", "class", cwd=place)
    done = without_extras(*words, cwd=place)
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("flowleague: ")
    assert done.stderr.count("\n") == 1
    assert "pip install 'flowleague[train]'" in done.stderr


def test_what_is_left_out_of_a_description_is_said(place: Path) -> None:
    said = without_extras("show", "tiny", cwd=place).stdout
    assert "velocity parameters" in said
    assert "FLOPs per sample" not in said
    assert said.endswith(
        "Without FLOPs. This needs torch, which is not installed; get it with: pip install 'flowleague[train]'.\n"
    )


def test_modules_are_found_in_the_extras_of_the_package() -> None:
    names = ("torch", "sklearn.manifold", "google.auth", "optuna.study", "no_such")
    assert [terminal._extra_of(name) for name in names] == [
        "train", "report", "share", "sweep", "",
    ]  # fmt: skip
    assert not any(line.startswith("torch") and "extra" not in line for line in requires("flowleague") or ())
