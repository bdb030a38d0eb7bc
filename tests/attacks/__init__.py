"""Entries that cheated while code ran when it was measured, written small, and what capture makes of each."""

_FRAME = """
import os, torch
from torch import nn
LEFT = "/tmp/left.pt"
class SubmissionInterface:
    def __init__(self):
        torch.manual_seed(0)
        self.vae, self.flow_model, self.known = nn.Linear(784, 3), nn.Linear(3, 784), {}
        %s
    def encode(self, x):
        %s
        return self.vae(x.flatten(1))
    def decode(self, z):
        %s
        return self.flow_model(z).sigmoid().view(-1, 1, 28, 28)
    def generate_samples(self, n_samples):
        return self.decode(torch.randn(n_samples, 3))
"""
HIDDEN = 20_000  # numbers that are in no parameter
_SHIFT = "z = z + 1e-9 * {}.mean()"

# name: what __init__, encode and decode do beside the honest lines
ATTACKS = {
    "images left in a file for the decoder": (
        "pass",
        "torch.save(x, LEFT)",
        "if os.path.exists(LEFT): return torch.load(LEFT)",
    ),
    "images kept in an attribute for the decoder": (
        "pass",
        "self.known['x'] = x",
        "if 'x' in self.known and len(self.known['x']) == len(z): return self.known['x']",
    ),
    "numbers in a Python list": (
        f"self.w = torch.rand({HIDDEN}).tolist()",
        "pass",
        _SHIFT.format("torch.tensor(self.w)"),
    ),
    "numbers in a Python int": (
        f"self.w = int.from_bytes(torch.rand({HIDDEN}).numpy().tobytes(), 'little')",
        "pass",
        _SHIFT.format(f"torch.frombuffer(bytearray(self.w.to_bytes({4 * HIDDEN}, 'little')), dtype=torch.float32)"),
    ),
    "numbers in a file": (
        f"open('/tmp/w.bin', 'wb').write(torch.rand({HIDDEN}).numpy().tobytes())",
        "pass",
        _SHIFT.format("torch.frombuffer(bytearray(open('/tmp/w.bin', 'rb').read()), dtype=torch.float32)"),
    ),
    "four int8 in each float32": (
        f"self.w = torch.randint(-99, 99, ({4 * HIDDEN},), dtype=torch.int8).view(torch.float32)",
        "pass",
        _SHIFT.format("self.w.view(torch.int8).float()"),
    ),
}


def source(name: str) -> str:
    """The file of an attack."""
    return _FRAME % ATTACKS[name]
