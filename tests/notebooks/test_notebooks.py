"""The notebooks run from top to bottom on real digits, and what is committed is what their sources say."""

import base64
import io
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_idx_folder
from tests.notebooks.running import NOTEBOOKS, pictures, printed, run

from flowleague.bundle.read import read_bundle
from flowleague.data import TrainingData

NAMES = ("quickstart", "from_scratch")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWLEAGUE_SHORT", "1")


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_is_its_source_and_has_no_outputs(name: str) -> None:
    source, notebook = jupytext.read(NOTEBOOKS / f"{name}.py"), nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in source.cells]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert (
        f"colab.research.google.com/github/flowleague/flowleague/blob/main/notebooks/{name}.ipynb"
        in source.cells[0].source
    )
    assert source.cells[0].cell_type == "markdown"


def drawn(picture: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))


@pytest.mark.long
def test_quickstart_ends_with_a_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWLEAGUE_HOME", str(tmp_path / "home of runs"))
    monkeypatch.delenv("FLOWLEAGUE_DATA", raising=False)
    said = printed(done := run("quickstart", tmp_path))
    for words in ("55,000 training images", "flow: 100%", "parameters", "of 9", "Wrote", "--vae-link VAE_LINK"):
        assert words in said
    shown = [drawn(picture) for picture in pictures(done)]
    assert len(shown) == 7  # data, curves, VAE, latents, flow, samples, and those of the packed file
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
    said = printed(done := run("from_scratch", tmp_path))
    assert "438,553            438,553" in said
    for words in ("MSE (256 images)", "SSIM (256 images)", "confidence", "class KL"):
        assert words in said
    assert len(pictures(done)) == 8
