"""A captured entry as one Python file: what a replay computes, in the contest's interface, from hostile names too."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.model.export.fresh import LINKS
from torch import Tensor, nn

from flowleague.errors import OutputError, PackError
from flowleague.program import packing
from flowleague.program.capturing.entry import record
from flowleague.program.capturing.interface import functions_of
from flowleague.program.container import packed, read, write
from flowleague.program.format import Constant, Draw, Entry, Program, Step
from flowleague.program.interpreter import Runner, loaded, replay
from flowleague.program.packing import pack_programs
from flowleague.program.values import Ref, Spec

BATCH = 20
IMAGES = torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))


class Networks(nn.Module):
    """Rows that know each other, tables of whole numbers, several results and draws of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.inlet, self.outlet = nn.Conv2d(1, 2, 7, 7), nn.Linear(7, 784)
        self.norm, self.squeeze = nn.BatchNorm2d(2), nn.Linear(32, 7)
        self.register_buffer("order", torch.randperm(7))

    def encode(self, images: Tensor) -> Tensor:
        h = self.norm(self.inlet(images)).relu().flatten(1)
        return self.squeeze(h)[:, self.order] + h.amax(0).mean()

    def decode(self, z: Tensor) -> Tensor:
        values, places = z.sort(1)
        return self.outlet(values * (places - z.mean(0, keepdim=True)).clamp(max=float("inf"))).sigmoid()

    def generate(self, n: int) -> Tensor:
        z = torch.randn(n, 7) * (torch.rand(n, 1) < 0.5).float().masked_fill(torch.zeros(n, 1) > 0, -torch.inf)
        return self.decode(torch.fft.fft(z).real)


def captured(folder: Path, networks: nn.Module | None = None) -> Path:
    made: Any = (networks or Networks()).eval()
    functions = {"encode": made.encode, "decode": made.decode, "generate": made.generate}
    entry = record(**functions, images=IMAGES, batch=BATCH)[1]
    write(entry, folder / "entry.zip", {"training.jsonl": b'{"event": "epoch", "seconds": 1.0}\n'})
    return folder / "entry.zip"


@pytest.fixture
def submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Any]:
    """The built interface of a packed file, as the contest builds it."""

    def build(script: Path) -> Any:
        monkeypatch.chdir(script.parent)
        spec = importlib.util.spec_from_file_location("packed", script)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.SubmissionInterface()

    return build


@pytest.mark.parametrize("rows", [BATCH, 7, 50])
def test_it_computes_what_a_replay_computes(rows, submission, tmp_path):
    entry = captured(tmp_path)
    made = submission(pack_programs(entry, tmp_path / "out", team="x").script)
    held = read(entry)
    runners = {name: Runner(program, loaded(held)) for name, program in held.programs.items()}
    latents = replay(runners["encode"], rows, 0, IMAGES[:rows])
    torch.testing.assert_close(made.encode(IMAGES[:rows]), latents, rtol=0, atol=1e-6)
    images = replay(runners["decode"], rows, 0, latents)
    torch.testing.assert_close(made.decode(latents), images, rtol=0, atol=1e-6)


def test_its_samples_are_those_of_the_code_from_the_same_noise(submission, tmp_path):
    networks = Networks().eval()
    made = submission(pack_programs(captured(tmp_path, networks), tmp_path / "out", team="x").script)
    torch.manual_seed(5)
    with torch.no_grad():
        expected = torch.cat([networks.generate(BATCH) for _ in range(3)])[:50].view(50, 28, 28)
    torch.manual_seed(5)
    torch.testing.assert_close(made.generate_samples(50), expected, rtol=0, atol=1e-6)


def test_what_is_captured_of_the_file_is_the_entry_again(submission, tmp_path):
    entry = captured(tmp_path)
    made = submission(pack_programs(entry, tmp_path / "out", team="x").script)
    functions: Any = functions_of(made)
    again = record(**functions, images=IMAGES, batch=BATCH)[1]
    assert packed(again) == packed(read(entry))


def test_a_log_comes_along_and_older_constants_go(tmp_path):
    first = pack_programs(captured(tmp_path), tmp_path / "out", team="x", link=LINKS[0])
    assert first.log
    assert first.log.read_bytes().startswith(b'{"event"')
    assert LINKS[0] in first.script.read_text()
    with pytest.raises(OutputError, match="add --force"):
        pack_programs(tmp_path / "entry.zip", tmp_path / "out", team="x")
    other = Networks()
    nn.init.zeros_(other.outlet.bias)
    second = pack_programs(captured(tmp_path, other), tmp_path / "out", team="x", force=True)
    assert "PASTE THE LINK" in second.script.read_text()
    assert [path.name for path in (tmp_path / "out").glob("*.safetensors")] == [second.constants.name]


def test_constants_of_a_team_whose_name_begins_alike_stay(tmp_path):
    others = pack_programs(captured(tmp_path), tmp_path / "out", team="x constants y")
    pack_programs(tmp_path / "entry.zip", tmp_path / "out", team="x")
    assert others.constants.exists()


def test_names_in_a_strangers_file_do_not_become_code(submission, tmp_path):
    name = 'c0); import os; os.environ["PWNED"] = "1"  #'
    held = ((name, Spec("float32", (784, 3))),)
    rows = (Step("aten.view.default", (Ref(0), (10, 784))), Step("aten.mm.default", (Ref(2), Ref(1))))
    flat = Program((Spec("float32", (10, 1, 28, 28)),), (), held, rows, (3,))
    images = (Step("aten.permute.default", (Ref(1), (1, 0))), Step("aten.mm.default", (Ref(0), Ref(2))))
    images += (Step("aten.sigmoid.default", (Ref(3),)), Step("aten.view.default", (Ref(4), (10, 1, 28, 28))))
    image = Program((Spec("float32", (10, 3)),), (), held, images, (5,))
    drawn = Program((), (Draw("normal", (10, 3)),), image.constants, image.steps, image.outputs)
    constants = {name: Constant(Spec("float32", (784, 3)), torch.randn(784, 3).numpy().tobytes())}
    write(Entry(10, {"encode": flat, "decode": image, "generate": drawn}, constants), tmp_path / "e.zip")
    made = submission(pack_programs(tmp_path / "e.zip", tmp_path / "out", team="x").script)
    assert made.generate_samples(3).shape == (3, 28, 28)
    assert "PWNED" not in os.environ


def test_what_is_too_long_is_refused_in_a_sentence(tmp_path, monkeypatch):
    entry = captured(tmp_path)
    monkeypatch.setattr(packing, "_MOST", 5)
    with pytest.raises(PackError, match="at most 5; hand in the captured entry itself"):
        pack_programs(entry, tmp_path / "out", team="x")
    monkeypatch.undo()
    monkeypatch.setattr(packing, "_BYTES", 100)
    with pytest.raises(PackError, match="larger than the 1 MiB"):
        pack_programs(entry, tmp_path / "out", team="x")
    assert not (tmp_path / "out").exists()
