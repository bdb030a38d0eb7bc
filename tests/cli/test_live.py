"""The commands that take a bundle out of Python: what they write, and how they refuse."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from flowleague.cli import live as commands
from flowleague.errors import BundleError, OutputError

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
