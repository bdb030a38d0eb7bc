"""Captured entries: replayed in processes of ours, counted off the programs, bounded, refused where they do not fit."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from flowleague.archive import read_zip, write_zip
from flowleague.entrant.captured import open_captured
from flowleague.entrant.code import open_entry
from flowleague.entrant.model import Failure
from flowleague.limits import Limits
from flowleague.model.randomness import noise
from flowleague.program.capturing.entry import capture
from flowleague.program.capturing.errors import CaptureError
from flowleague.program.container import CONSTANTS, STRUCTURE, is_captured
from flowleague.program.values import ProgramError

IMAGES = np.random.default_rng(0).random((40, 1, 28, 28), np.float32)


class Networks(nn.Module):
    """An autoencoder and a flow of one linear layer each, with 7 latents."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.inlet, self.outlet, self.velocity = nn.Linear(784, 7), nn.Linear(7, 784), nn.Linear(7, 7)

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        return self.inlet(images.flatten(1))

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.outlet(z).sigmoid().view(-1, 1, 28, 28)

    def generate(self, n: int) -> torch.Tensor:
        x = torch.randn(n, 7)
        for _ in range(4):
            x = x + self.velocity(x) / 4
        return self.decode(x)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks().eval()


@pytest.fixture(scope="module")
def entry(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("captured") / "entry.zip"
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    capture(**functions, out=out, images=torch.from_numpy(IMAGES), batch=20)
    return out


def test_a_replay_gives_what_the_code_gives(entry: Path, networks: Networks):
    with open_entry(entry) as model, torch.no_grad():
        latents = model.encode(IMAGES[:33])
        assert np.allclose(latents, networks.encode(torch.from_numpy(IMAGES[:33])).numpy(), atol=1e-6)
        assert np.allclose(model.decode(latents), networks.decode(torch.from_numpy(latents)).numpy(), atol=1e-6)
        first, again, other = (model.generate(25, seed) for seed in (1, 1, 2))
    assert first.shape == (25, 1, 28, 28)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_pipe_is_no_captured_entry_and_holds_nobody_up(tmp_path: Path):
    os.mkfifo(tmp_path / "entry.zip")
    assert not is_captured(tmp_path / "entry.zip")


def test_facts_are_read_off_the_programs(entry: Path, networks: Networks):
    with open_captured(entry) as model:
        (weights,) = model.facts.weights
        assert weights.numbers == sum(p.numel() for p in networks.parameters())
        assert (model.facts.nfe, model.facts.name) == (4, "entry.zip")
        assert model.facts.flops == pytest.approx(2 * (4 * 7 * 7 + 7 * 784), rel=0.5)


def test_rows_are_in_another_order_in_each_call(tmp_path: Path, networks: Networks):
    """A decoder that reads its neighbour's latent learns nothing of its own image."""

    def neighbours(z: torch.Tensor) -> torch.Tensor:
        return networks.decode(z.roll(1, 0))

    capture(
        encode=networks.encode,
        decode=neighbours,
        generate=networks.generate,
        out=tmp_path / "entry.zip",
        images=torch.from_numpy(IMAGES),
        batch=20,
    )
    with open_captured(tmp_path / "entry.zip") as model:
        latents = model.encode(IMAGES[:20])
        assert not np.allclose(model.decode(latents), model.decode(latents), atol=1e-3)


def test_a_bundle_is_no_captured_entry(entry: Path, tmp_path: Path):
    assert is_captured(entry)
    (tmp_path / "bundle.zip").write_bytes(write_zip({"config.json": b"{}"}))
    (tmp_path / "torn.zip").write_bytes(entry.read_bytes()[:200])
    assert not is_captured(tmp_path / "bundle.zip")
    assert not is_captured(tmp_path / "torn.zip")
    assert not is_captured(tmp_path)


def test_an_entry_needs_three_programs_that_fit(tmp_path: Path, networks: Networks):
    capture(generate=networks.generate, out=tmp_path / "entry.zip", batch=20)
    with pytest.raises(ProgramError, match="needs encode, decode and generate"), open_captured(tmp_path / "entry.zip"):
        pass


def test_a_damaged_entry_is_refused(entry: Path, tmp_path: Path):
    held = read_zip(entry.read_bytes(), {STRUCTURE: 2**20, CONSTANTS: 2**20})
    (tmp_path / "entry.zip").write_bytes(write_zip({STRUCTURE: held[STRUCTURE][:-9], CONSTANTS: held[CONSTANTS]}))
    with pytest.raises(ProgramError, match="Capture it again"), open_captured(tmp_path / "entry.zip"):
        pass


def test_a_replay_has_a_limit_of_time(entry: Path):
    with (
        open_captured(entry, limits=Limits(start_seconds=0.001, call_seconds=0.001)) as model,
        pytest.raises(Failure, match="took longer than") as error,
    ):
        model.encode(IMAGES[:20])
    assert error.value.name == "too_slow"


def test_what_is_not_finite_is_the_entrys_failure(tmp_path: Path, networks: Networks):
    def encode(images: torch.Tensor) -> torch.Tensor:
        return networks.encode(images) / (images.flatten(1).amax(1, keepdim=True) > 0.001).float()

    capture(
        encode=encode,
        decode=networks.decode,
        generate=networks.generate,
        out=tmp_path / "entry.zip",
        images=torch.from_numpy(IMAGES),
        batch=20,
    )
    with open_captured(tmp_path / "entry.zip") as model:
        with pytest.raises(Failure, match="not finite") as error:
            model.encode(np.zeros((20, 1, 28, 28), np.float32))
        assert error.value.name == "not_replayed"
        assert model.encode(IMAGES[:20]).shape == (20, 7)  # the process goes on


def test_the_log_that_a_captured_entry_declares_is_the_models(networks: Networks, tmp_path: Path) -> None:
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    (tmp_path / "training.jsonl").write_text('{"stage": "vae"}\n')
    capture(
        **functions, out=tmp_path / "e.zip", images=torch.from_numpy(IMAGES), batch=20, log=tmp_path / "training.jsonl"
    )
    with open_captured(tmp_path / "e.zip") as model:
        assert model.facts.log == ({"stage": "vae"},)
    with pytest.raises(CaptureError, match=r"absent.jsonl cannot be read"):
        capture(**functions, out=tmp_path / "f.zip", images=torch.from_numpy(IMAGES), batch=20, log="absent.jsonl")


def test_samples_are_those_of_the_judges_noise(entry: Path, networks: Networks) -> None:
    x = noise(5, 0, 33, 7)
    with torch.no_grad():
        for _ in range(4):
            x = x + networks.velocity(x) / 4
        wanted = networks.decode(x).numpy()
    with open_captured(entry) as model:
        assert np.allclose(model.generate(33, 5), wanted, atol=1e-5)
