"""Train the peers that are missing, measure those that were not measured, and print the tables; see the package."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from benchmarks.peers import autoflow, bundles, mixtures
from benchmarks.peers.entries import sample, winner
from benchmarks.peers.fit import SEED
from benchmarks.peers.table import print_tables

from flowleague.data import TrainingData, load_training, no_test_images
from flowleague.files import write_atomically
from flowleague.shipped import names
from flowleague.training.device import describe_hardware

Train = Callable[[Path, TrainingData, float], None]  # folder of the entry, training data, processor seconds
ENTRIES = Path(__file__).parent / "entries"


@dataclass(frozen=True)
class Peer:
    """How a peer is trained; of one that is code also its source, and the evaluations of its velocity for a sample."""

    train: Train
    code: str = ""
    evaluations: int | None = None


PEERS = {
    "pca-16": Peer(partial(mixtures.train_pca, 16), "pca", 0),
    "pca-49": Peer(partial(mixtures.train_pca, 49), "pca", 0),
    "winner": Peer(partial(autoflow.train, winner), "winner", 4 * winner.STEPS),
    "sample": Peer(partial(autoflow.train, sample), "sample", sample.STEPS),
    "rae": Peer(mixtures.train_rae, "rae", 0),
    "flow-matching": Peer(bundles.train_flow_matching),
    "torchcfm": Peer(bundles.train_torchcfm),
    "quick": Peer(bundles.train_quick),
}


def train(name: str, folder: Path, budget: float) -> None:
    """Train a peer unless it is there; one that was cut off begins anew."""
    peer, entry, note = PEERS[name], folder / name, folder / f"{name}.training.json"
    if note.exists():
        return
    shutil.rmtree(entry, ignore_errors=True)
    entry.mkdir(parents=True)
    torch.manual_seed(SEED)
    data = load_training()
    start, wall = time.process_time(), time.perf_counter()
    with no_test_images():
        peer.train(entry, data, budget)
    if peer.code:
        shutil.copyfile(ENTRIES / f"{peer.code}.py", entry / f"{name}.py")
    told = {
        "budget": budget,
        "processor_seconds": round(time.process_time() - start, 1),
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "evaluations": peer.evaluations,
        "hardware": describe_hardware(torch.device("cpu")),
    }
    write_atomically(note, (json.dumps(told, indent=2) + "\n").encode())


def score(name: str, folder: Path, plan: str) -> None:
    """Measure a peer or a shipped model by the command that everybody uses, unless its scorecard is there."""
    card = folder / f"{name}.scorecard.json"
    if card.exists():
        return
    entry, more = (folder / name, []) if name in PEERS else (Path(name), [])
    if name in PEERS and PEERS[name].code:
        entry, more = entry / f"{name}.py", ["--weights", str(entry)]
    command = [sys.executable, "-m", "flowleague", "score", str(entry), "--name", name, "--out", str(card), *more]
    subprocess.run(command + (["--dry-run"] if plan == "quick" else []), check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budget", type=float, default=600.0, help="processor seconds for each peer")
    parser.add_argument("--only", choices=PEERS, action="append", help="train and measure this one; may be repeated")
    parser.add_argument("--plan", choices=("quick", "full"), default="quick", help="how many images are measured")
    chosen = parser.parse_args()
    for name in chosen.only or PEERS:
        print(f"--- {name}", flush=True)
        train(name, chosen.folder, chosen.budget)
    for name in chosen.only or [*PEERS, *names()]:
        score(name, chosen.folder, chosen.plan)
    print_tables(chosen.folder, [*PEERS, *names()])


if __name__ == "__main__":
    main()
