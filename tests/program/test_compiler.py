"""Recording does without PyTorch's compiler, and whoever asks for it afterwards gets the real one."""

import subprocess
import sys

SCRIPT = """
import sys
import torch
from torch import nn
from flowleague.program.capturing.compiler import has_compiler, without_compiler
from flowleague.program.capturing.entry import record

without_compiler()
decoder = nn.Sequential(nn.Linear(7, 784), nn.Unflatten(1, (16, 7, 7)), nn.PixelShuffle(4))


def encode(x):
    step = torch.func.grad(lambda z: (decoder(z) - x).square().sum())
    return torch.lerp(x.flatten(1)[:, :7], step(x.flatten(1)[:, :7]), 0.1)


record(encode=encode, images=torch.rand(20, 1, 28, 28), batch=20, checks=0)
assert not has_compiler()
assert not hasattr(sys.modules["sympy"], "__file__") or "Symbol" in vars(sys.modules["sympy"])
import torch._dynamo.config
assert has_compiler()
assert torch._dynamo.config.cache_size_limit
import sympy
assert sympy.Symbol("x") + 0 == sympy.Symbol("x")
print("done")
"""


def test_recording_does_without_the_compiler_until_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "done\n", done.stderr
