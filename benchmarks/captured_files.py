"""What capture makes of entry files in the contest's interface.

    python -m benchmarks.captured_files [--batch 250] FILE.py ...

The files run in this process, so give only what you have read. Their networks get fresh weights, which are written to a
folder in place of what their links hold; modules that are not installed are served as names that do nothing. Of each
function: seconds of capture, operations, kinds of operations, and the largest difference between program and code, of
16 checks while it is captured and of three more on other images and draws. Of the whole: numbers counted and numbers
in the weight files.
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock, patch

import safetensors.torch
import torch
from torch import Tensor, nn

from flowleague.data import load_training
from flowleague.entrant.own import own_functions
from flowleague.errors import FlowLeagueError
from flowleague.program.capturing.entry import BATCH, record
from flowleague.program.capturing.function import Captured, Function, Inputs, run
from flowleague.program.capturing.watch import Numbers, conditions
from flowleague.program.cost import cost

_ABSENT = ("gdown", "wandb", "torchvision", "torchvision.datasets", "torchvision.transforms", "torch_ema")
_FRESH = 1000  # numbers of checks that capture did not make


def absent() -> dict[str, ModuleType]:
    """Names for the modules that entries import and that are not installed."""
    return {name: MagicMock() for name in _ABSENT if importlib.util.find_spec(name.partition(".")[0]) is None}


def write_weights(path: Path, folder: Path) -> int:
    """Copy an entry into a folder, and beside it the weights it loads: its networks' own, moved a little at random.

    Returns how many numbers the files hold.
    """
    (folder / "entry.py").write_text(path.read_text())
    wanted: list[str] = []

    def load(file: str, **_: object) -> dict[str, Tensor]:
        wanted.append(file)
        return {}

    def keep(network: nn.Module, _given: object, **_: object) -> None:
        state = {name: moved(name, value).contiguous() for name, value in network.state_dict().items()}
        safetensors.torch.save_file(state, folder / wanted[-1])

    torch.manual_seed(0)
    with (
        patch("safetensors.torch.load_file", load),
        patch.object(nn.Module, "load_state_dict", keep),
        own_functions(folder / "entry.py"),
    ):
        pass
    files = [safetensors.torch.load_file(folder / name) for name in dict.fromkeys(wanted)]
    return sum(value.numel() for file in files for value in file.values())


def moved(name: str, value: Tensor) -> Tensor:
    """A weight that is not what the network began with: zeros and averages too."""
    if not value.is_floating_point():
        return value
    noise = torch.rand_like(value) if "var" in name else torch.randn_like(value)
    return value + 0.03 * noise


def beyond(one: Captured, call: Function, inputs: Inputs) -> float:
    """The largest difference of program and code in three more checks."""
    largest = 0.0
    for k in range(_FRESH, _FRESH + 3):
        with conditions():
            wanted = run(call, inputs(k), Numbers(k))
        found = one.again(inputs(k), k)
        largest = max(largest, float((found - wanted.reshape(found.shape)).abs().max()))
    return largest


def look(path: Path, images: Tensor, batch: int) -> None:
    """Capture one file and print a line for each function and one for the whole."""
    with tempfile.TemporaryDirectory() as name:
        held = write_weights(path, Path(name))
        with own_functions(Path(name) / "entry.py") as functions:
            began = time.perf_counter()
            encode, decode, generate = functions["encode"], functions["decode"], functions["generate"]
            made, entry = record(encode=encode, decode=decode, generate=generate, images=images, batch=batch)
            seconds = time.perf_counter() - began

            def pictures(k: int) -> list[Tensor]:
                return [images[torch.randperm(len(images), generator=torch.Generator().manual_seed(k))[:batch]]]

            with conditions():
                shape = run(lambda given: encode(given[0]), pictures(0), Numbers(0)).shape
            calls = {
                "encode": (lambda given: encode(given[0]), pictures),
                "decode": (
                    lambda given: decode(given[0].view(shape)),
                    lambda k: [made["encode"].again(pictures(k), k)],
                ),
                "generate": (lambda _given: generate(batch), lambda _k: []),
            }
            for part, one in made.items():
                kinds = {step.name for step in one.program.steps}
                notes = "".join(f"; {note}" for note in one.notes)
                print(
                    f"  {part:9}{len(one.program.steps):8,} operations of {len(kinds):3} kinds, "
                    f"{one.checks} checks to {one.largest:.1g}, beyond {beyond(one, *calls[part]):.1g}{notes}"
                )
    costs = cost(entry)
    print(
        f"  {seconds:.1f} s; {costs.numbers:,.0f} numbers counted, {held:,} in the weight files, "
        f"{costs.nfe:g} evaluations, {costs.flops['generate']:,.0f} FLOPs per sample",
        flush=True,
    )


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("files", nargs="+", type=Path)
    words.add_argument("--batch", type=int, default=BATCH)
    given = words.parse_args()
    sys.modules |= absent()
    torch.mps.empty_cache = lambda: None
    images = torch.from_numpy(load_training().train.pixels(4000))
    for path in given.files:
        print(path.stem, flush=True)
        try:
            look(path, images, given.batch)
        except FlowLeagueError as error:
            print(f"  refused: {error}", flush=True)


if __name__ == "__main__":
    main()
