import random

import torch
from tests.styles import digits
from torch import nn

from flowleague.program import capture
from flowleague.program.container import read
from flowleague.program.cost import ALLOWANCE, bits, cost
from flowleague.program.format import Constant, Entry, Program, Step
from flowleague.program.values import Ref, Spec


def test_bits_are_those_of_the_type():
    assert [bits(Spec(d, (3,))) for d in ("bool", "int8", "bfloat16", "float32", "float64")] == [3, 24, 48, 96, 192]


def test_the_numbers_of_an_entry_are_its_weights_and_its_evaluations_those_of_the_flow(tmp_path):
    torch.manual_seed(0)
    down, up, flow = nn.Linear(784, 6), nn.Linear(6, 784), nn.Sequential(nn.Linear(7, 16), nn.Tanh(), nn.Linear(16, 6))

    def generate(n: int):
        z = torch.randn(n, 6)
        for i in range(13):
            z = z + flow(torch.cat([z, torch.full((n, 1), i / 13)], 1)) / 13
        return up(z).sigmoid()

    capture(
        encode=lambda x: down(x.flatten(1)), decode=lambda z: up(z).sigmoid(), generate=generate,
        out=tmp_path / "e.zip", images=digits(20, 0), batch=10,
    )  # fmt: skip
    found = cost(read(tmp_path / "e.zip"))
    modules = nn.ModuleList([down, up, flow])
    assert found.numbers == sum(p.numel() for p in modules.parameters())
    assert found.nfe == 13
    assert found.flops["encode"] == 6 * (2 * 784 + 1)


def test_a_decode_that_runs_the_flow_for_nothing_does_not_hide_its_evaluations(tmp_path):
    torch.manual_seed(0)
    down, up, flow = nn.Linear(784, 6), nn.Linear(6, 784), nn.Linear(6, 6)

    def moved(z):
        for _ in range(8):
            z = z + flow(z) / 8
        return z

    def decode(z):
        return up(z + 1e-30 * moved(z)).sigmoid()

    capture(
        encode=lambda x: down(x.flatten(1)), decode=decode, generate=lambda n: up(moved(torch.randn(n, 6))).sigmoid(),
        out=tmp_path / "e.zip", images=digits(20, 0), batch=10,
    )  # fmt: skip
    assert cost(read(tmp_path / "e.zip")).nfe == 8


def test_evaluations_do_not_hide_behind_copies_of_the_weights(tmp_path):
    torch.manual_seed(0)
    down, up, a, b = nn.Linear(784, 6), nn.Linear(6, 784), torch.randn(6, 16), torch.randn(16, 6)
    time, blocks = nn.Linear(32, 16), [nn.Linear(16, 6), nn.Linear(16, 6)]

    def generate(n: int):
        z, first, second = torch.randn(n, 6), torch.cat([a[:3] + 0, a[3:] * 1.0]), torch.stack([b, 0 * b]).sum(0)
        for i in range(9):
            features = time(torch.full((1, 32), i / 9)).tanh()  # used by both blocks, evaluated once a step
            z = z + (z @ first).tanh() @ second / 9 + sum(block(features) for block in blocks) * z
        return up(z).sigmoid()

    capture(
        encode=lambda x: down(x.flatten(1)), decode=lambda z: up(z).sigmoid(), generate=generate,
        out=tmp_path / "e.zip", images=digits(20, 0), batch=10,
    )  # fmt: skip
    assert cost(read(tmp_path / "e.zip")).nfe == 9


def test_numbers_hidden_in_the_list_of_operations_count():
    rng = random.Random(0)
    x = Spec("float32", (10, 1, 28, 28))

    def entry(n: int) -> Entry:
        steps = tuple(Step("aten.add.Tensor", (Ref(i), rng.random())) for i in range(n))
        return Entry(10, {"decode": Program((x,), (), (), steps, (n,))}, {})

    few, many = cost(entry(100)), cost(entry(12_672))
    assert few.numbers == 0
    assert few.list_bytes < ALLOWANCE
    assert many.numbers > 12_672  # 53 random bits each


def test_an_order_of_operations_holds_data():
    rng = random.Random(0)
    x = Spec("float32", (10, 1, 28, 28))
    names = [rng.choice(("aten.sin.default", "aten.cos.default")) for _ in range(180_000)]
    steps = tuple(Step(name, (Ref(i),)) for i, name in enumerate(names))
    found = cost(Entry(10, {"decode": Program((x,), (), (), steps, (len(steps),))}, {}))
    assert found.numbers * 32 > 180_000 - 8 * ALLOWANCE


def test_expanding_and_casting_a_constant_adds_nothing():
    small = Constant(Spec("int8", (2,)), bytes(2))
    steps = (
        Step("aten._to_copy.default", (Ref(1), "float64")),
        Step("aten.expand.default", (Ref(2), (10, 2))),
        Step("aten.add.Tensor", (Ref(0), Ref(3))),
    )
    program = Program((Spec("float32", (10, 2)),), (), (("c", small.spec),), steps, (4,))
    assert cost(Entry(10, {"encode": program}, {"c": small})).numbers == 0.5
