"""The notebooks run from top to bottom on real digits, and what is committed is what their sources say."""

import base64
import io
import re
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_idx_folder
from tests.notebooks.running import NOTEBOOKS, pictures, printed, run, sources

from flowleague.bundle.read import read_bundle
from flowleague.data import TrainingData

NAMES = ("quickstart", "from_scratch", "own_architecture")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWLEAGUE_SHORT", "1")


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_is_its_source_and_outputs_belong_to_it(name: str) -> None:
    source, path = jupytext.read(NOTEBOOKS / f"{name}.py"), NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in source.cells]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    belongs_to = sources(source) if outputs else None  # those of other code mislead
    assert notebook.metadata.get("outputs_of") == belongs_to, f"run: python -m tests.notebooks.running {name}"
    assert "error" not in {output.output_type for output in outputs}
    assert path.stat().st_size < 400_000
    said = printed(notebook)
    assert "\x1b" not in said
    assert not re.search(r"/(root|home|work|tmp|usr)/", said)  # of the machine on which it ran
    assert all(drawn(picture).std() > 10 for picture in pictures(notebook))
    link = f"colab.research.google.com/github/flowleague/flowleague/blob/main/notebooks/{name}.ipynb"
    assert link in source.cells[0].source
    texts = [cell.source for cell in source.cells if cell.cell_type == "markdown"]
    outline = re.findall(r"^(\d\. .*)$", texts[0], re.MULTILINE)
    assert outline == re.findall(r"^## (.*)$", "\n".join(texts), re.MULTILINE)
    assert len(outline) >= 5


def drawn(picture: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))


@pytest.mark.long
def test_quickstart_ends_with_a_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWLEAGUE_HOME", str(tmp_path / "home of runs"))
    monkeypatch.delenv("FLOWLEAGUE_DATA", raising=False)
    said = printed(done := run("quickstart", tmp_path, solutions=True))
    for words in (
        "55,000 training images",
        "flow: 100%",
        "parameters",
        "of 9",
        "Wrote",
        "--vae-link VAE_LINK",
    ):
        assert words in said
    shown = [drawn(picture) for picture in pictures(done)]
    assert len(shown) == 11  # data, curves, VAE, latents, flow (2), samples, those of the packed file, exercises (3)
    assert all(picture.std() > 10 for picture in shown)
    bundle = read_bundle(tmp_path / "home of runs" / "quickstart")
    packed = tmp_path / "home of runs" / "submission"
    assert (packed / "submission_the_latents.py").exists()
    assert read_bundle(packed / "bundle" / "the_latents.zip").sha256 == bundle.sha256


@pytest.mark.long
def test_from_scratch_trains_and_compares(
    tmp_path: Path, digits: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    write_idx_folder(tmp_path / "mnist", digits.train.images[:13_000], digits.train.labels[:13_000], test=3000)
    monkeypatch.setenv("FLOWLEAGUE_DATA", str(tmp_path / "mnist"))
    said = printed(done := run("from_scratch", tmp_path, solutions=True))
    assert "438,553            438,553" in said
    for words in ("MSE (256 images)", "SSIM (256 images)", "confidence", "class KL"):
        assert words in said
    assert len(pictures(done)) == 10


@pytest.mark.long
def test_own_architecture_ends_with_two_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWLEAGUE_HOME", str(tmp_path))
    monkeypatch.delenv("FLOWLEAGUE_DATA", raising=False)
    said = printed(done := run("own_architecture", tmp_path, solutions=True))
    assert "No place: the reference entries were measured on more images." in said
    assert "it decides by a value of the images" in said  # why a decoder that looks at values is refused
    assert all(drawn(picture).std() > 10 for picture in pictures(done))
    assert (tmp_path / "own.zip").exists()
    assert (tmp_path / "plain.zip").exists()
    assert not (tmp_path / "refused.zip").exists()
