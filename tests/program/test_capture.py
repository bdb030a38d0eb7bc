import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.styles import digits
from torch import nn

from flowleague.program import capture
from flowleague.program.capturing.entry import BATCH
from flowleague.program.capturing.errors import CaptureError
from flowleague.program.capturing.function import capture_function
from flowleague.program.container import read
from flowleague.program.interpreter import Runner, loaded, replay, tensor


class Autoencoder(nn.Module):
    """7x7 latents by a strided convolution, and back."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Conv2d(1, 1, 4, 4), nn.ConvTranspose2d(1, 1, 4, 4)

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z).sigmoid()


def replayed(function, *given: torch.Tensor) -> torch.Tensor:
    """Capture a function of the given shapes on random numbers, and replay it on these."""

    def inputs(k: int) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(k)
        return [torch.randn(x.shape, generator=generator) for x in given]

    made = capture_function(lambda xs: function(*xs), inputs)
    runner = Runner(made.program, {name: tensor(c.spec, c.data) for name, c in made.constants.items()})
    return runner(list(given), [])[0]


def test_three_functions_become_an_entry_that_computes_as_they_do(tmp_path):
    torch.manual_seed(0)
    model = Autoencoder()
    images = digits(BATCH + 20, 1)
    made = capture(
        encode=model.encode, decode=model.decode, generate=lambda n: model.decode(torch.randn(n, 1, 7, 7)),
        out=tmp_path / "entry.zip", images=images,
    )  # fmt: skip
    assert [(name, one.checks) for name, one in made.items()] == [("encode", 16), ("decode", 16), ("generate", 16)]
    entry = read(tmp_path / "entry.zip")
    runners = {name: Runner(program, loaded(entry)) for name, program in entry.programs.items()}
    codes = replay(runners["encode"], len(images), 0, images)
    with torch.no_grad():
        assert codes.shape == (BATCH + 20, 49)
        torch.testing.assert_close(codes, model.encode(images).flatten(1))
        decoded = replay(runners["decode"], len(images), 0, codes)
        torch.testing.assert_close(decoded, model.decode(codes.view(-1, 1, 7, 7)))
    drawn = replay(runners["generate"], 30, 3)
    assert drawn.shape == (30, 1, 28, 28)
    assert torch.equal(drawn, replay(runners["generate"], 30, 3))
    assert not torch.equal(drawn, replay(runners["generate"], 30, 4))


def test_the_same_capture_is_the_same_file(tmp_path):
    torch.manual_seed(0)
    layer = nn.Linear(784, 4)
    for name in ("a", "b"):
        capture(encode=lambda x: layer(x.flatten(1)), out=tmp_path / name, images=digits(10, 0), batch=10)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_weights_that_share_memory_are_stored_once(tmp_path):
    bank = torch.randn(784, 784)
    copy, part = bank.clone(), bank[:100, :50]

    def encode(x):
        x = x.flatten(1)
        return x @ bank + x @ bank.t() + x @ copy + x[:, :100] @ part.expand(100, 50).repeat(1, 16)[:, :784]

    capture(encode=encode, out=tmp_path / "e.zip", images=digits(10, 0), batch=10)
    entry = read(tmp_path / "e.zip")
    assert sum(c.spec.elements for c in entry.constants.values()) == 784 * 784


def test_what_no_output_needs_is_left_out(tmp_path):
    torch.manual_seed(0)
    used, unused = nn.Linear(784, 4), nn.Linear(784, 400)

    def encode(x):
        unused(x.flatten(1)).exp()
        torch.randn(3)
        return used(x.flatten(1))

    made = capture(encode=encode, out=tmp_path / "e.zip", images=digits(10, 0), batch=10)["encode"]
    assert sum(c.spec.elements for c in made.constants.values()) == 4 * 785
    assert made.program.draws == ()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_writes_through_views_of_views_replay_as_they_ran(data):  # noqa: C901
    """Random chains of views of one tensor, each written to: the program gives what torch gave."""
    shape = (4, 6, 5)
    plan = []
    for _ in range(data.draw(st.integers(1, 4))):
        chain = [data.draw(st.integers(0, 5)) for _ in range(data.draw(st.integers(0, 4)))]
        plan.append((chain, data.draw(st.sampled_from(("mul", "add", "fill", "copy")))))

    def view(v: torch.Tensor, kind: int) -> torch.Tensor:
        if v.dim() == 0:
            return v
        if kind == 0:
            return v.transpose(0, -1)
        if kind == 1:
            return v[..., ::2]
        if kind == 2:
            return v[1:] if len(v) > 1 else v
        if kind == 3:
            return v.select(v.dim() // 2, 0)
        if kind == 4:
            return v.unsqueeze(0)
        return v.diagonal() if v.dim() > 1 else v

    def function(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x = x.clone()
        kept = view(x, 1)
        for chain, write in plan:
            v = x
            for kind in chain:
                v = view(v, kind)
            if write == "copy":
                v.copy_(y.flatten()[: v.numel()].view(v.shape))
            else:
                {"mul": v.mul_, "add": v.add_, "fill": v.fill_}[write](2.5)
        return torch.cat([x.flatten(), kept.flatten()])

    x, y = torch.randn(shape), torch.randn(shape)
    assert torch.equal(replayed(function, x, y), function(x, y))


def test_overlapping_windows_are_read_by_index():
    x = torch.randn(3, 12)
    assert torch.equal(replayed(lambda x: x.unfold(1, 5, 2).sin(), x), x.unfold(1, 5, 2).sin())


def test_gradients_of_convolutions_and_pools_are_those_of_torch():
    torch.manual_seed(0)
    nets = [
        nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1, groups=2), nn.AvgPool2d(2), nn.Conv2d(4, 3, 2, dilation=2, padding=2)),
        nn.Sequential(nn.ConvTranspose2d(2, 4, 3, 2, 1, 1), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d((3, 2))),
        nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 2, 3), nn.Upsample((9, 5))),
    ]
    for net in nets:

        def slope(x: torch.Tensor, net=net) -> torch.Tensor:
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                weights = [p for p in net.parameters() if p.dim() > 1]
                found = torch.autograd.grad(net(x).square().sum(), [x, *weights])
            return torch.cat([g.flatten() for g in found])

        x = torch.randn(2, 2, 8, 8)
        torch.testing.assert_close(replayed(slope, x), slope(x), rtol=1e-4, atol=1e-4)


def test_numpy_and_torch_generators_are_as_they_were_after_a_capture(tmp_path):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the old generator is what is tested
    expected = torch.rand(1), np.random.rand()  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    capture(generate=lambda n: torch.rand(n, 784) + float(np.random.rand() * 0), out=tmp_path / "g", batch=10)  # noqa: NPY002
    assert (torch.rand(1), np.random.rand()) == expected  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "nothing to capture"),
        ({"generate": lambda n: torch.rand(n, 784), "batch": 7}, "multiple of ten"),
        ({"generate": lambda n: torch.rand(n, 783)}, "generate cannot be captured: it returns images of shape"),
        ({"generate": lambda n: None}, "NoneType"),
        ({"encode": lambda x: x.flatten(1), "images": digits(3, 0)}, "250 or more"),
        ({"encode": lambda x: x.flatten(1), "images": "digits"}, "training images"),
        ({"decode": lambda z: z, "images": digits(250, 0)}, "hand in encode too"),
    ],
)
def test_what_cannot_be_captured_is_told_in_a_sentence(arguments, sentence, tmp_path):
    with pytest.raises(CaptureError, match=re.escape(sentence)):
        capture(out=tmp_path / "e.zip", **arguments)
    assert not (tmp_path / "e.zip").exists()
