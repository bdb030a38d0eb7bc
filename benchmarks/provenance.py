"""Evidence about training, on models trained for the purpose: entries of one small recipe, six of them honest.

    python -m benchmarks.provenance make FOLDER            trains the entries; what is there already stays
    python -m benchmarks.provenance replays FOLDER         replays the first share of the logs
    python -m benchmarks.provenance flow FOLDER            looks at the flows; shadow flows are trained
    python -m benchmarks.provenance reconstruction FOLDER  one at the VAEs; honest entries are each other's shadows

Names of entries after FOLDER leave out the others; +2000 among them adds as much to every seed.

An honest entry saw the training images alone. The others had test images among those of the VAE, of the flow, or of
both: all 10,000 of them, or 1,000. Where a flow lies below all its shadows, a second look follows. Nothing in the
method was chosen by these models.
"""

import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from flowleague.bundle.read import read_bundle
from flowleague.bundle.recipe import FlowRecipe, Recipe, VAERecipe
from flowleague.data import Split, TrainingData, load_test, load_training
from flowleague.judge.provenance.compare import Compared, compare, log_errors
from flowleague.judge.provenance.examine import Digits, flow_look
from flowleague.judge.provenance.replay import replay
from flowleague.judge.provenance.shadows import shadow_flow
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.train import is_finished, train

RECIPE = Recipe(
    name="small",
    vae=VAERecipe(channels=12, encoder_blocks=1, decoder_blocks=1, images=300_000),
    flow=FlowRecipe(width=128, blocks=1, batch=512, images=1_000_000),
)


SHADOWS = 3


@dataclass(frozen=True)
class Made:
    """An entry that is made: its seed, and how many test images its VAE and its flow are trained on.

    With `on` it has the encoder of that entry, and a flow of its own.
    """

    name: str
    seed: int
    vae: int = 0
    flow: int = 0
    on: str = ""


HONEST = tuple(Made(f"honest {number}", 7100 + number) for number in range(1, 7))
ENTRIES = (
    *HONEST,
    Made("test in both", 7201, vae=10_000, flow=10_000),
    Made("test in VAE", 7203, vae=10_000, on="test in both"),
    Made("test in flow", 7202, flow=10_000, on="honest 1"),
    Made("test in flow, again", 7205, flow=10_000, on="honest 2"),
    Made("1,000 in flow", 7204, flow=1000, on="honest 3"),
    Made("test in both, again", 7206, vae=10_000, flow=10_000),
    Made("test in VAE, again", 7207, vae=10_000, on="test in both, again"),
    Made("1,000 in both", 7208, vae=1000, flow=1000),
)


def make(entry: Made, data: TrainingData, test: Split, folder: Path) -> None:
    """Train an entry into its folder."""
    place, seen = folder / entry.name, _among(data, test, entry.flow)
    seed = entry.seed + sum(int(word) for word in sys.argv[3:] if word.startswith("+"))
    if entry.on:
        shadow_flow(read_bundle(folder / entry.on), seen, seed, place)
    elif not is_finished(place):
        for _ in train(replace(RECIPE, seed=seed), place, seen, device="cpu", resume=True):
            pass


def _among(data: TrainingData, test: Split, n: int) -> TrainingData:
    """The training images, and the first n test images among them."""
    images = np.concatenate([data.train.images, test.images[:n]])
    return replace(data, train=Split(images, np.concatenate([data.train.labels, test.labels[:n]])))


def chosen() -> list[Made]:
    """The entries that are named, or all."""
    names = [word for word in sys.argv[3:] if not word.startswith("+")]
    return [entry for entry in ENTRIES if entry.name in (names or [entry.name])]


def make_all(folder: Path) -> None:
    data, test = load_training(), load_test()
    for entry in chosen():
        began = time.process_time()
        make(entry, data, test, folder)
        print(f"{entry.name}: {time.process_time() - began:.0f} s of processor", flush=True)


def reconstruction(folder: Path) -> None:
    images, began = _digits().look(0), time.process_time()
    made = [entry for entry in chosen() if not entry.on]  # the others have the VAE of one of these
    models = {entry.name: LatentFlow.load(folder / entry.name) for entry in {*made, *HONEST}}
    errors = {name: log_errors(model, images.pixels) for name, model in models.items()}
    for entry in made:
        others = [errors[each.name] for each in HONEST if each != entry]
        _print_row(entry.name, compare(errors[entry.name], others, images))
    print(f"{time.process_time() - began:.0f} s of processor")


def flow(folder: Path) -> None:
    digits = _digits()
    for entry in chosen():
        began, bundle = time.process_time(), read_bundle(folder / entry.name)
        model = LatentFlow.from_bundle(bundle, entry.name)
        first = flow_look(bundle, model, digits, folder / "shadows", 0, SHADOWS)[0]
        _print_row(entry.name, first)
        if first.is_lowest:
            second = flow_look(bundle, model, digits, folder / "shadows", 1, SHADOWS)[0]
            _print_row("  second look", second)
        print(f"{'':20} {time.process_time() - began:.0f} s of processor", flush=True)


def replays(folder: Path) -> None:
    data = load_training()
    for entry in chosen():
        if not entry.on:  # whose log of the VAE is another entry's
            with tempfile.TemporaryDirectory() as place:
                began = time.process_time()
                found = replay(read_bundle(folder / entry.name), data, Path(place) / "replay")
            print(f"{entry.name:20} {found.images} images, difference {found.difference:.2g}", end="")
            print(f"  {time.process_time() - began:.0f} s of processor  {', '.join(found.circumstances)}", flush=True)


def _digits() -> Digits:
    return Digits(load_training(), load_test(), writers_known=True)


def _print_row(name: str, look: Compared) -> None:
    honest = ", ".join(f"{each.z:+.1f}" for each in look.honest)
    print(
        f"{name:20} {look.effect.value:+.5f} ± {look.effect.error:.5f}  z {look.effect.z:+.1f}  "
        f"training z {look.training.z:+.1f}  honest {honest}{'  below all' if look.is_lowest else ''}",
        flush=True,
    )


def main() -> None:
    torch.set_num_threads(1)
    parts = {"make": make_all, "reconstruction": reconstruction, "flow": flow, "replays": replays}
    parts[sys.argv[1]](Path(sys.argv[2]))


if __name__ == "__main__":
    main()
