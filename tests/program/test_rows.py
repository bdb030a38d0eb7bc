"""Programs written for fewer rows: the first rows of the whole portion, or none where rows know each other."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from flowleague.program.capturing.function import capture_function
from flowleague.program.draws import drawn
from flowleague.program.interpreter import Runner, tensor
from flowleague.program.rows import for_rows

BATCH, FEW = 10, 3
torch.manual_seed(0)
SQUARE, KERNEL, TABLE = torch.randn(8, 8), torch.randn(8, 4, 3, 3), torch.randn(10, 8)
ATTENTION = torch.nn.MultiheadAttention(8, 2).eval().requires_grad_(False)


def guided(x: Tensor) -> Tensor:
    """Both halves of classifier-free guidance in one batch, with labels that are no rows of x."""
    labels = torch.cat([torch.ones(BATCH, 1), torch.zeros(BATCH, 1)])
    both = torch.cat([torch.cat([x, x]), labels], 1) @ torch.ones(9, 8)
    first, second = both.chunk(2)
    return first + 2 * (first - second)


def path(x: Tensor) -> Tensor:
    """States in one tensor, as solvers of libraries keep them."""
    kept = torch.zeros(3, *x.shape)
    kept[0] = x
    for k in range(2):
        kept[k + 1] = kept[k] + 0.1 * torch.tanh(kept[k])
    return kept[-1]


APART = {
    "layers": lambda x: F.layer_norm(F.gelu(F.linear(x, SQUARE, SQUARE[0])), (8,)).softmax(1),
    "columns": lambda x: (SQUARE @ x.T).T,
    "images": lambda x: F.max_pool2d(
        F.group_norm(F.conv2d(F.pad(x.view(-1, 2, 2, 2).repeat(1, 2, 1, 1), (1, 1, 1, 1)), KERNEL), 2), 2
    ).flatten(1),
    "sequence first": lambda x: ATTENTION(*[x.view(BATCH, 1, 8).repeat(1, 3, 1).transpose(0, 1)] * 3)[0][0],
    "upsampling": lambda x: F.interpolate(x.view(-1, 2, 2, 2), scale_factor=2, mode="bilinear").flatten(1),
    "guidance": guided,
    "path": path,
    "labels": lambda x: torch.cat([x, TABLE[torch.arange(BATCH) % 10]], 1) + TABLE[x.argmax(1)].repeat(1, 2),
    "noise": lambda x: x + torch.randn(BATCH, 8) * torch.rand(BATCH, 1) + torch.full((BATCH, 1), 0.5),
    "antithetic": lambda x: x + torch.randn(BATCH // 2, 8).repeat_interleave(2, 0),  # whole, then cut
    "orders": lambda x: x.sort(1).values.cumsum(1) * x.topk(8).values + x.gather(1, x.argsort(1)) + x.flip(1)[:, :1],
    "distances": lambda x: torch.bmm(x.unsqueeze(1), x.unsqueeze(2)).squeeze(2) + x.var(1, keepdim=True) * SQUARE[0],
}  # fmt: skip
TOGETHER = {
    "mean": lambda x: x - x.mean(0),
    "all": lambda x: x / x.max(),
    "sorted rows": lambda x: x.sort(0).values,
    "neighbours": lambda x: x + torch.cat([x[1:], x[:1]]),
    "other way": lambda x: x.flip(0),
    "products": lambda x: x @ x.T @ x,
    "mixed": lambda x: x.T.reshape(BATCH, 8) + 1,
}


def captured(function):
    made = capture_function(lambda given: function(given[0]), lambda k: [inputs(k)], 0)
    return made.program, {name: tensor(one.spec, one.data) for name, one in made.constants.items()}


def inputs(k: int) -> Tensor:
    return torch.rand(BATCH, 8, generator=torch.Generator().manual_seed(k))


def run(program, constants, rows: int) -> Tensor:
    draws = [torch.from_numpy(one) for one in drawn(program.draws, rows, 5, 0, 0)]
    return Runner(program, constants)([inputs(99)[:rows]], draws)[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("rows", [1, FEW])
def test_the_first_rows_are_those_of_the_whole_portion(name, rows):
    program, constants = captured(APART[name])
    few = for_rows(program, BATCH, rows)
    assert few
    torch.testing.assert_close(run(few, constants, rows), run(program, constants, BATCH)[:rows], atol=1e-5, rtol=1e-5)
    assert sum(few.inferred.flops) < sum(program.inferred.flops)


@pytest.mark.parametrize("name", TOGETHER)
def test_a_program_whose_rows_know_each_other_needs_them_all(name):
    program, _ = captured(TOGETHER[name])
    assert for_rows(program, BATCH, FEW) is None
    assert for_rows(program, BATCH, BATCH) is program
