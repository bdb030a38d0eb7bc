"""What capture costs: scoring time and memory before and after, and memory over a contest of many entries.

    python -m benchmarks.capture_cost [--entries 200] [--repeats 2]

First, in turns within one run: `base` as a bundle and a packed file of 56 evaluations for a sample, each measured by
the quick plan as it was before capture (networks in this process; code run in the sandbox) and as it is now (programs
that are recorded and replayed; recording them counts). Each measurement is a process of its own; its peak is the memory
of all its processes together, looked at ten times a second. Then a contest of small entries, bundles, captured zips and
code, is evaluated with two at a time on few images: the memory of the coordinator and of each measurement at the
beginning and at the end, and what was left behind.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import torch
from tests.model.export.fresh import write_fresh

from flowleague import shipped
from flowleague.bundle.read import zip_bundle
from flowleague.bundle.recipe import get_recipe
from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import new_contest
from flowleague.contest.submit import Parcel, submit
from flowleague.data import load_training
from flowleague.entrant.bundle import open_bundle, programs_of
from flowleague.entrant.code import CAPTURED_ON, open_code
from flowleague.entrant.model import Facts, Model
from flowleague.judge import evidence
from flowleague.judge.evidence import QUICK, Plan, load_real
from flowleague.judge.judges import load_judges
from flowleague.judge.measure import measure_model
from flowleague.model.export import pack
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.container import write

FEW = Plan("quick", samples=200, decoded=50, manifold=200, neighbours=50, timed=20, turns=2)
SMALL = ["vae.channels=4", "vae.encoder_blocks=1", "vae.refine=1", "flow.width=12", "flow.blocks=1"]
SCORER = (sys.executable, "-m", "benchmarks.capture_cost", "--scorer")
MIB = 2**20


def memory_of(pid: int) -> int:
    """Bytes of memory that a process and all that it started hold: its proportional share of what is shared."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(map(_share, family))


def _share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """The memory of a process and its descendants, looked at ten times a second."""
    seen, ended = [memory_of(pid)], threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            seen.append(memory_of(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@contextmanager
def opened(entry: Path, way: str) -> Iterator[Model]:
    """An entry as it was measured before capture, and as it is now."""
    if entry.suffix == ".py":
        images = load_training().train.pixels(CAPTURED_ON)
        with open_code(entry, weights=entry.parent, training=(lambda: images) if way == "after" else None) as model:
            yield model
    elif way == "after":
        with open_bundle(entry) as model:
            yield model
    else:
        flow = LatentFlow.load(entry)
        yield Model(
            encode=lambda x: flow.encode(torch.from_numpy(x)).numpy(),
            decode=lambda z: flow.decode(torch.from_numpy(z)).numpy(),
            generate=lambda n, seed: flow.generate(n, seed=seed).numpy(),
            facts=Facts(name=entry.name),
        )


def measure_one(entry: Path, way: str) -> None:
    """Measure an entry one way, and print seconds to open and to measure it."""
    digits, judges = load_real("mnist", QUICK), load_judges("mnist")
    began = time.perf_counter()
    with opened(entry, way) as model:
        open_ = time.perf_counter() - began
        card = measure_model(model, digits, judges, "mnist")
    whole = time.perf_counter() - began
    ratio = card.metrics()["efficiency.time_ratio"].value
    print(json.dumps({"open": open_, "whole": whole, "ratio": ratio, "findings": [f.name for f in card.findings]}))


def ways(entries: dict[str, Path], repeats: int) -> None:
    """Measure entries both ways in turns, and print what it took."""
    found: dict[tuple[str, str], list[dict]] = {}
    for turn in range(repeats):
        for name, entry in entries.items():
            for way in ("before", "after") if turn % 2 == 0 else ("after", "before"):
                command = [sys.executable, "-m", "benchmarks.capture_cost", "--measure", str(entry), way]
                process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                with watched(process.pid) as seen:
                    said, _ = process.communicate()
                line = json.loads(said.splitlines()[-1]) | {"peak": max(seen)}
                found.setdefault((name, way), []).append(line)
                print(f"{name} {way}: {line}", flush=True)
    print(f"{'':14}{'before':>20}{'after':>20}{'after / before':>18}   n = {repeats}, quick plan")
    for name in entries:
        for what, unit in (("whole", "s"), ("open", "s"), ("ratio", "of the workload"), ("peak", "MiB")):
            before, after = (
                statistics.median(line[what] for line in found[name, way]) / (MIB if what == "peak" else 1)
                for way in ("before", "after")
            )
            print(f"{name:8}{what:6}{before:18.2f}  {after:18.2f}  {after / before:16.2f}   {unit}")


def write_entries(folder: Path, count: int) -> list[Path]:
    """Small entries of other weights each: of ten, five captured zips, four bundles and one packed file."""
    made = []
    for number in range(count):
        place, kind = folder / str(number), number % 10
        model = write_fresh(place, get_recipe("quick", SMALL), seed=number)
        if kind < 5:
            made.append(folder / f"{number}.captured.zip")
            write(programs_of(model.requires_grad_(False)), made[-1])
        elif kind < 9:
            made.append(folder / f"{number}.zip")
            zip_bundle(place, made[-1])
        else:
            made.append(pack(place, folder / f"packed {number}", team=f"Team {number}").script)
    return made


def contest(folder: Path, count: int) -> None:
    """Evaluate a contest of so many small entries, and print the memory of its processes and what is left of them."""
    new_contest(folder / "contest", opens=datetime.now() - timedelta(days=2))
    for number, entry in enumerate(write_entries(folder / "sent", count)):
        weights = sorted(entry.parent.glob("*.safetensors")) if entry.suffix == ".py" else []
        submit(folder / "contest", Parcel(f"team {number}", entry, weights))
    rules = folder / "contest" / "contest.toml"
    rules.write_text(rules.read_text().replace('plan = "full"', 'plan = "quick"'))
    began, held, peaks = time.perf_counter(), [], []
    with watched(os.getpid()) as seen:

        def tell(_team: str, _measured: object) -> None:
            held.append(_share(os.getpid()))
            peaks.append(max(seen))
            seen[:] = [0]

        measured = evaluate(folder / "contest", jobs=2, scorer=SCORER, tell=tell)
    seconds, tenth = time.perf_counter() - began, max(1, count // 10)
    kinds = [record.kind for record in read_records(folder / "contest")]
    print(
        f"{len(measured)} entries in {seconds:.0f} s: {kinds.count('score')} scores, {kinds.count('failure')} failures"
    )
    for what, values in (("coordinator", held), ("all processes, peak of an entry", peaks)):
        first, last = (statistics.median(part) / MIB for part in (values[:tenth], values[-tenth:]))
        print(f"{what}: {first:.0f} MiB over the first tenth, {last:.0f} MiB over the last")
    places = Path(tempfile.gettempdir()).glob("flowleague-*")
    left = [place for place in places if place.stat().st_mtime > time.time() - seconds]
    print(f"left: {len(left)} temporary folders, {len(os.listdir('/proc/self/fd'))} open files here")


def score(words: list[str]) -> None:
    """`flowleague score` on few images."""
    from flowleague.cli import main

    evidence.QUICK = FEW
    sys.argv = ["flowleague", "score", *words]
    main()


def main() -> None:
    if sys.argv[1:2] == ["--scorer"]:
        score(sys.argv[2:])
    elif sys.argv[1:2] == ["--measure"]:
        measure_one(Path(sys.argv[2]), sys.argv[3])
    else:
        words = argparse.ArgumentParser()
        words.add_argument("--entries", type=int, default=200)
        words.add_argument("--repeats", type=int, default=2)
        given = words.parse_args()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            write_fresh(folder / "slow", get_recipe("quick", ["flow.solver=rk4", "flow.steps=14"]))
            packed = pack(folder / "slow", folder / "packed", team="slow").script
            ways({"base": shipped.bundle("base"), "code 56": packed}, given.repeats)
            contest(folder, given.entries)


if __name__ == "__main__":
    main()
