"""What the wall costs, and whether anything leaks through many entries.

    python -m benchmarks.wall cost [TURNS]     seconds to open and to score, behind the wall over --trust
    python -m benchmarks.wall leaks [ENTRIES]  many entries in a row, every third hostile

Cost: a contest's file (an MLP-VAE with 16 latents and its flow) is opened and asked what the quick plan asks, behind
the wall and without, in turns, so that a busy machine harms both alike; printed are medians, and the median ratio
of the turns. Leaks: processes, descriptors, temporary files and memory of this process after 10 % of the entries and
at the end.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.entrant.contest_files import FILES, write_weights
from tests.hostile.arena import attacks, run

from flowleague.entrant.code import open_code
from flowleague.entrant.sandbox.processes import family

ENTRY = "mlp_vae.py"


def ask(model, rounds: int) -> None:
    """About what the quick plan asks: encodings, decodings, and five repeats of samples."""
    images = np.random.default_rng(0).random((1000, 1, 28, 28), np.float32)
    for seed in range(rounds):
        model.decode(model.encode(images))
        model.generate(2000, seed)


def cost(turns: int) -> None:
    seconds: dict[str, list[tuple[float, float]]] = {"wall": [], "trust": []}
    with tempfile.TemporaryDirectory() as folder:
        weights = write_weights(ENTRY, Path(folder))
        for turn in range(turns + 1):
            for how, done in seconds.items():
                start = time.perf_counter()
                with open_code(FILES / ENTRY, weights=weights, trust=how == "trust") as model:
                    opened = time.perf_counter()
                    ask(model, 10)
                    done.append((opened - start, time.perf_counter() - opened))
            if turn == 0:  # the first fills the machine's caches
                for done in seconds.values():
                    done.clear()
    for name, part in (("open", 0), ("score", 1)):
        wall, trust = ([turn[part] for turn in seconds[how]] for how in ("wall", "trust"))
        ratios = [a / b for a, b in zip(wall, trust, strict=True)]
        print(
            f"{name:<6} wall {statistics.median(wall):6.2f} s ({min(wall):.2f} to {max(wall):.2f})  "
            f"trust {statistics.median(trust):6.2f} s ({min(trust):.2f} to {max(trust):.2f})  "
            f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), n = {turns}"
        )


def leaks(entries: int) -> None:
    light = [attack for attack in attacks() if not attack.make and "import torch" not in attack.path.read_text()]
    folder = tempfile.mkdtemp()
    weights = write_weights(ENTRY, Path(folder))
    wrong = 0
    before = state()
    for number in range(entries):
        if number == max(1, entries // 10):
            before = state()
            print(f"after {number:>4}  {before}")
        if number % 3 == 2:
            attack = light[number % len(light)]
            wrong += bool(run(attack).failing(attack))
        else:
            with open_code(FILES / ENTRY, weights=weights) as model:
                wrong += model.generate(100, number).shape != (100, 1, 28, 28)
    after = state()
    print(f"after {entries:>4}  {after}")
    grown = {name: after[name] - before[name] for name in after}
    print(f"grown       {grown}; {entries} entries, {wrong} with another outcome than expected")
    shutil.rmtree(folder)


def state() -> dict[str, int]:
    """Processes, descriptors, temporary files, and KiB of resident memory."""
    status = Path("/proc/self/status").read_text()
    return {
        "processes": len(family(os.getpid())),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "temporary": len([name for name in os.listdir(tempfile.gettempdir()) if name.startswith("flowleague-")]),
        "memory_kib": int(status.partition("VmRSS:")[2].split()[0]),
    }


def main() -> None:
    what, *count = sys.argv[1:]
    {"cost": cost, "leaks": leaks}[what](int(count[0]) if count else {"cost": 7, "leaks": 200}[what])


if __name__ == "__main__":
    main()
