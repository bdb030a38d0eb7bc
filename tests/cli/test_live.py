"""The commands that take a bundle out of Python: what they write, and how they refuse."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import typer
from tests.entrant.test_bundle import write_bundle
from typer.testing import CliRunner

from flowleague.bundle.recipe import get_recipe
from flowleague.cli import live as commands
from flowleague.errors import BundleError, OutputError
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise

SMALL = ("flow.cut=0.5", "flow.clusters=10", "vae.channels=4", "vae.refine=1", "flow.width=8", "flow.blocks=1")
app = typer.Typer()
app.command()(commands.live)
app.command()(commands.export)


def invoke(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    (tmp_path / "encoder.onnx").write_bytes(b"mine")
    return tmp_path


def test_live_writes_a_page(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "live.html"
    done = invoke("live", bundle, "-o", out, "--seed", 7)
    assert done.exit_code == 0, done.output
    assert f"Wrote {out}" in " ".join(done.output.split())
    assert 'value="7"' in out.read_text(encoding="utf-8")


def test_what_exists_stays(bundle: Path, taken: Path) -> None:
    assert isinstance(invoke("export", bundle, "-o", taken).exception, OutputError)
    assert isinstance(invoke("live", bundle, "-o", taken / "encoder.onnx").exception, OutputError)
    assert (taken / "encoder.onnx").read_bytes() == b"mine"


def test_no_bundle_is_a_sentence(tmp_path: Path) -> None:
    assert isinstance(invoke("live", tmp_path / "none", "-o", tmp_path / "x.html").exception, BundleError)


def test_a_cut_flow_is_taken_out_as_the_programs_it_is_measured_by(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = LatentFlow(get_recipe("quick", SMALL)).eval().requires_grad_(False)
    folder, onnx = tmp_path / "bundle", tmp_path / "onnx"
    folder.mkdir()
    write_bundle(model, folder)
    assert invoke("live", folder, "-o", tmp_path / "live.html").exit_code == 0
    assert "follows the flow" in (tmp_path / "live.html").read_text(encoding="utf-8")
    assert invoke("export", folder, "-o", onnx).exit_code == 0
    images = model.generate(5, seed=3)
    z = model.encode(images)
    given = {
        "encode": ({"images": images}, z),
        "decode": ({"z": z}, model.decode(z)),
        "generate": ({"draw_0": noise(3, 0, 5, 49)}, images),
    }
    for name, (inputs, wanted) in given.items():
        session = onnxruntime.InferenceSession(onnx / f"{name}.onnx")
        (made,) = session.run(None, {key: value.numpy() for key, value in inputs.items()})
        np.testing.assert_allclose(np.asarray(made), wanted.numpy(), atol=1e-4)
