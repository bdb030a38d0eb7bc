"""Entries that cheated while code ran when it was measured, written small, and what capture makes of each."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

_FRAME = """
import base64, ctypes, os, struct, torch
from torch import nn
LEFT = "/tmp/left.pt"
SHARED = os.__file__  # which every process of the sandbox can open
{helpers}
class SubmissionInterface:
    def __init__(self):
        torch.manual_seed(0)
        self.vae, self.flow_model, self.known = nn.Linear(784, 3), nn.Linear(3, 784), {{}}
        {init}
    def encode(self, x):
        {encode}
        return self.vae(x.flatten(1))
    def decode(self, z):
        {decode}
        return self.flow_model(z).sigmoid().view(-1, 1, 28, 28)
    def generate_samples(self, n_samples):
        {generate}
        return self.decode(torch.randn(n_samples, 3))
"""
HIDDEN = 20_000  # numbers that are in no parameter
_SHIFT = "z = z + 1e-9 * {}.float().mean()"
_SHARED = """
import fcntl
class State:
    # bits of an image as locks on bytes of a file that encoder and decoder can open
    def leave(self, x):
        self.file = os.open(SHARED, os.O_RDONLY)
        for place in (x > 0.5).flatten().nonzero().flatten().tolist():
            fcntl.fcntl(self.file, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, place, 1, 0))
    def found(self, n):
        file, bits = os.open(SHARED, os.O_RDONLY), []
        for place in range(784 * n):
            lock = fcntl.fcntl(file, 36, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, place, 1, 0))
            bits.append(float(struct.unpack("hhqqi4x", lock)[0] != fcntl.F_UNLCK))
        return torch.tensor(bits).view(n, 1, 28, 28)
STATE = State()
"""


@dataclass(frozen=True)
class Attack:
    """What an entry does beside the honest lines, and the file of weights that lies beside it, if any."""

    init: str = "pass"
    encode: str = "pass"
    decode: str = "pass"
    generate: str = "pass"
    helpers: str = ""
    weights: Callable[[Path], None] | None = None


def _packed(path: Path) -> None:
    small = torch.randint(-99, 99, (8 * HIDDEN,), dtype=torch.int8)
    save_file({"w": small.view(torch.int64)}, path)


def _described(path: Path) -> None:
    hidden = torch.rand(HIDDEN).numpy().tobytes()
    save_file({"w": torch.ones(3)}, path, {"note": base64.b85encode(hidden).decode()})


_LOADED = "from safetensors import safe_open; file = safe_open('w.safetensors', 'pt')"
ATTACKS = {
    "images left in a file for the decoder": Attack(
        encode="torch.save(x, LEFT)",
        decode="if os.path.exists(LEFT): return torch.load(LEFT)",
    ),
    "images kept in an attribute for the decoder": Attack(
        encode="self.known['x'] = x",
        decode="if 'x' in self.known and len(self.known['x']) == len(z): return self.known['x']",
    ),
    "images left in locks of a file for the decoder": Attack(
        encode="STATE.leave(x)", decode="return STATE.found(len(z))", helpers=_SHARED
    ),
    "images left in a file for the generator": Attack(
        encode="torch.save(x, LEFT)",
        generate="if os.path.exists(LEFT): return torch.load(LEFT)[torch.arange(n_samples) % 50]",
    ),
    "samples kept by the seed": Attack(
        generate="""seed = torch.initial_seed()
        if seed not in self.known: self.known[seed] = self.decode(torch.randn(n_samples, 3))
        return self.known[seed]"""
    ),
    "one picture for all": Attack(
        init="self.picture = torch.rand(784)",
        decode="return (self.picture + 0 * z[:, :1]).view(-1, 1, 28, 28)",
    ),
    "numbers in a Python list": Attack(
        init=f"self.w = torch.rand({HIDDEN}).tolist()", decode=_SHIFT.format("torch.tensor(self.w)")
    ),
    "numbers in a Python int": Attack(
        init=f"self.w = int.from_bytes(torch.rand({HIDDEN}).numpy().tobytes(), 'little')",
        decode=_SHIFT.format(
            f"torch.frombuffer(bytearray(self.w.to_bytes({4 * HIDDEN}, 'little')), dtype=torch.float32)"
        ),
    ),
    "numbers in tuples and closures": Attack(
        init=f"self.w = [{{'deep': (torch.rand({HIDDEN}),)}}]; self.f = (lambda w: lambda: w)(torch.rand({HIDDEN}))",
        decode=_SHIFT.format("(self.w[0]['deep'][0] + self.f())"),
    ),
    "numbers in a file": Attack(
        init=f"open('/tmp/w.bin', 'wb').write(torch.rand({HIDDEN}).numpy().tobytes())",
        decode=_SHIFT.format("torch.frombuffer(bytearray(open('/tmp/w.bin', 'rb').read()), dtype=torch.float32)"),
    ),
    "numbers in the source": Attack(
        helpers=f"TEXT = '{base64.b64encode(bytes(range(256)) * (HIDDEN // 64)).decode()}'",
        decode=_SHIFT.format("torch.frombuffer(bytearray(base64.b64decode(TEXT)), dtype=torch.int32)"),
    ),
    "four int8 in each float32": Attack(
        init=f"self.w = torch.randint(-99, 99, ({4 * HIDDEN},), dtype=torch.int8).view(torch.float32)",
        decode=_SHIFT.format("self.w.view(torch.int8)"),
    ),
    "eight int8 in each int64 of the weights": Attack(
        init=f"{_LOADED}; self.w = file.get_tensor('w')",
        decode=_SHIFT.format("self.w.view(torch.int8)"),
        weights=_packed,
    ),
    "numbers in the metadata of the weights": Attack(
        init=f"{_LOADED}; self.w = torch.frombuffer(bytearray(base64.b85decode(file.metadata()['note'])), "
        "dtype=torch.float32)",
        decode=_SHIFT.format("self.w"),
        weights=_described,
    ),
}


def write(name: str, folder: Path) -> Path:
    """Write the file of an attack, and its weights, into a folder of its own."""
    folder.mkdir()
    attack, path = ATTACKS[name], folder / f"{name.replace(' ', '-')}.py"
    parts = {part: getattr(attack, part) for part in ("init", "encode", "decode", "generate", "helpers")}
    path.write_text(_FRAME.format(**parts))
    if attack.weights:
        attack.weights(folder / "w.safetensors")
    return path
