"""A contest of up to sixty teams with small models that were really trained, and its board.

    python -m benchmarks.board_contest FOLDER [TEAMS]

Trains sixty (or TEAMS) models, no two alike, for a few seconds each, and a baseline; sends them in over nine days, with
a file that returns NaN; measures all by the quick plan; keeps the history of 2025; builds the board. Every step is one
of the product's own commands on one core; its seconds are those of the clock, in brackets those of the processor.
It can be cut off at any moment and goes on where it was: FOLDER holds `models`, `contest` and `site`.
"""

import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

FIRST = ("Latent", "Flow", "Gentle", "Brave", "Fuzzy", "Velvet", "Midnight", "Copper", "Lazy", "Curious")
SECOND = ("Otters", "Pixels", "Vectors", "Digits", "Gradients", "Minima")
NAMES = [f"{first} {second}" for second in SECOND for first in FIRST]  # 60
ODD = {
    2: "שלום עולם",
    4: "🏆 café 😀",
    5: "<img src=x onerror=alert(1)>",
    6: "The Team Whose Name Is Longer Than Any Table",
}
BASELINE = "Reference"
OPENS = datetime(2026, 10, 3, 9)
RULES = [('plan = "full"', 'plan = "quick"'), ("baselines = []", f'baselines = ["{BASELINE}"]')]
BROKEN = '''"""An entry whose flow has diverged."""

import numpy as np


class SubmissionInterface:
    def __init__(self):
        self.info = {"team": "NaN Prix"}

    def generate_samples(self, n_samples):
        return np.full((n_samples, 28, 28), np.nan, "float32")

    def encode(self, images):
        return images.reshape(len(images), 784)[:, ::49]

    def decode(self, latents):
        return latents.repeat(1, 49).reshape(-1, 1, 28, 28)
'''


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["OMP_NUM_THREADS"] = "1"
    teams = int(sys.argv[2]) if len(sys.argv) > 2 else len(NAMES)
    numbers = [*range(teams), len(NAMES)]  # the last one is the baseline
    for number in numbers:
        train(number, folder / "models")
    contest = folder / "contest"
    send_in(numbers, folder, contest)
    flowleague("contest", "evaluate", "-C", contest, "--jobs", 1)
    flowleague("contest", "import-history", "-C", contest)
    if name_panel(contest):
        flowleague("contest", "amend", "--reason", "the panel of the open board is named", "-C", contest)
    flowleague("contest", "verify", "-C", contest)
    start = time.perf_counter()
    flowleague("board", contest, "-o", folder / "site")
    print(
        f"Built in {time.perf_counter() - start:.1f} s; the front page has {size(folder / 'site/index.html'):,} bytes."
    )


def name_of(number: int) -> str:
    """The team of a model."""
    return ODD.get(number, NAMES[number]) if number < len(NAMES) else BASELINE


def train(number: int, models: Path) -> None:
    """Train a model, unless it is there; the dials follow from its number."""
    out = models / f"{number:02}"
    if not out.with_suffix(".zip").exists():
        changes = [word for change in dials(number) for word in ("--set", change)]
        flowleague("train", "quick", "--out", out, "--seed", number, *changes, *["--resume"] * out.exists())


def dials(number: int) -> list[str]:
    """What distinguishes a model: sizes, latents, weight of the KL, coupling, solver, and how long it trains."""
    rng = random.Random(number)
    latent = rng.choice((3, 4, 8, 8, 12, 16, 16, 24, 32, 49))
    channels, width = rng.choice((8, 8, 12, 16, 24)), rng.choice((32, 48, 64, 96, 128, 192))
    effort = rng.choice((0.15, 0.3, 0.5))
    coupling = rng.choice(("independent", "independent", "ot"))
    clusters = rng.choice((0, 10)) if coupling == "independent" and latent >= 10 else 0
    return [
        f"vae.latent={latent}",
        f"vae.grid={'true' if latent == 49 else 'false'}",
        f"vae.channels={channels}",
        f"vae.encoder_blocks={rng.choice((0, 1))}",
        f"vae.decoder_blocks={rng.choice((0, 1, 1))}",
        f"vae.kl_weight={rng.choice((1e-5, 1e-4, 1e-4, 1e-3))}",
        "vae.batch=32",
        f"vae.images={int(effort * 320_000 / channels)}",
        f"flow.width={width}",
        f"flow.blocks={rng.choice((1, 2, 2, 3))}",
        f"flow.coupling={coupling}",
        f"flow.clusters={clusters}",
        f"flow.solver={rng.choice(('euler', 'heun'))}",
        f"flow.steps={rng.choice((4, 8, 12))}",
        "flow.batch=256",
        "flow.ema=0.98",
        "tune.images=0",
        f"flow.images={int(effort * 24_000_000 / (width + 96))}",
    ]


def send_in(numbers: list[int], folder: Path, contest: Path) -> None:
    """Make the contest and take the models in, a handful at a time over nine days."""
    if not (contest / "contest.toml").exists():
        closes = OPENS + timedelta(days=9, hours=8)
        flowleague("contest", "new", contest, "--name", "Small models", "--opens", OPENS, "--closes", closes)
        rewrite(contest / "contest.toml", RULES)
    for k in range(min(len(numbers), 12)):
        parcel = folder / "parcel"
        shutil.rmtree(parcel, ignore_errors=True)
        for number in numbers[k::12]:
            (parcel / name_of(number)).mkdir(parents=True)
            shutil.copy(folder / f"models/{number:02}.zip", parcel / name_of(number) / "entry.zip")
        if k == 5:
            (parcel / "NaN Prix").mkdir()
            (parcel / "NaN Prix" / "entry.py").write_text(BROKEN)
        flowleague("contest", "take-in", parcel, "--at", OPENS + timedelta(hours=1 + 18 * k), "-C", contest)
        shutil.rmtree(parcel)


def name_panel(contest: Path) -> bool:
    """Freeze three entries as the panel of an open board, unless that was done before."""
    if "panel = []" not in (contest / "contest.toml").read_text():
        return False
    said = flowleague("contest", "export", "--format", "csv", "-C", contest)
    ids = [line.split(",")[2] for line in said.splitlines()[1:]][2:9:3]
    rewrite(contest / "contest.toml", [("panel = []", f"panel = {ids}".replace("'", '"'))])
    return True


def rewrite(rules: Path, changes: list[tuple[str, str]]) -> None:
    """Replace parts of the rules."""
    text = rules.read_text()
    for old, new in changes:
        text = text.replace(old, new)
    rules.write_text(text)


def size(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


def flowleague(*words: object) -> str:
    """Run a command of the product and print how long it took; ends the program when the command fails."""
    start, begun = time.perf_counter(), processor()
    plain = [word.isoformat() if isinstance(word, datetime) else str(word) for word in words]
    done = subprocess.run([sys.executable, "-m", "flowleague", *plain], capture_output=True, text=True, check=False)
    said = re.sub(r" --set .*", " ...", " ".join(plain))
    print(f"{time.perf_counter() - start:7.1f} s ({processor() - begun:.1f})  flowleague {said}", flush=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def processor() -> float:
    """Processor seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
