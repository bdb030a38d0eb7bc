"""What the notebooks draw and look up, on the smallest models."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from tests.training.test_own import OWN, finish, small

from flowleague import notebook
from flowleague.data import TrainingData
from flowleague.model.export.pack import pack
from flowleague.model.latent_flow import LatentFlow


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """The figures that were shown."""
    shown: list[Figure] = []
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    yield shown
    plt.close("all")


def test_curves_latents_and_flow_are_drawn(bundle: Path, digits: TrainingData, drawn: list[Figure]) -> None:
    model, part = LatentFlow.load(bundle), notebook.part_of(digits, 200)
    assert (len(part.train), len(part.validation)) == (200, 20)
    x = torch.from_numpy(digits.train.pixels(60))
    z = model.encode(x)
    notebook.curves(bundle)
    notebook.latents(z, digits.train.labels[:60])
    notebook.latents(z[:, :5], digits.train.labels[:60])
    notebook.flow(model, torch.randn(30, z.shape[1]), x, digits.train.labels[:60])
    assert [len(figure.axes) for figure in drawn] == [len(model.recipe.stages()), 12, 2, 1]
    assert len(drawn[-1].axes[0].lines) == 30  # ways


def test_ways_end_at_the_samples(bundle: Path, digits: TrainingData, drawn: list[Figure]) -> None:
    model = LatentFlow.load(bundle)
    x, noise = torch.from_numpy(digits.train.pixels(60)), torch.randn(7, model.recipe.vae.latent)
    notebook.flow(model, noise, x, digits.train.labels[:60])
    *_, ends = model.paths(noise)
    wanted = notebook._plane(model.vae.posterior(x)[0])(ends)
    for line, end in zip(drawn[0].axes[0].lines, wanted, strict=True):
        assert np.allclose(np.asarray(line.get_data())[:, -1], end, atol=1e-4)


def test_a_packed_file_draws_the_models_samples(bundle: Path, tmp_path: Path) -> None:
    pack(bundle, tmp_path / "packed", team="The Latents")
    model = LatentFlow.load(bundle)
    assert torch.allclose(notebook.samples_of(tmp_path / "packed", 48)[:9], model.generate(9), atol=1e-5)


def test_an_own_model_is_loaded_and_its_entry_drawn(tmp_path: Path, few_digits: TrainingData) -> None:
    finish(small(), tmp_path / "run", few_digits, networks=OWN["mlp"])
    model = notebook.own_model(tmp_path / "run", small(), OWN["mlp"])
    assert model.generate(3).shape == (3, 1, 28, 28)
    images = notebook.drawn(tmp_path / "run.zip", 5)
    assert images.shape == (5, 1, 28, 28)
