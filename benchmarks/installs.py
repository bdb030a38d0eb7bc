"""How large each kind of install is and how long it takes, in fresh virtual environments.

    python benchmarks/installs.py core,train,all python3.11 python3.13

For every Python and kind: seconds of `pip install`, downloads included and without pip's cache; MiB that came onto the
disk, and how much of that is PyTorch with what it brings for GPUs. Then commands run there, each of which must end in
an orderly way: with a sentence where it lacks an extra, never in a traceback.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = {"core": "", "train": "[train]", "all": "[all]"}
COMMANDS = ("--help", "doctor", "models", "contest new class", "contest check -C class", "contest rank -C class")
COMMANDS += ("contest submit tiny --team Ours -C class", "board class -o site", "show tiny")
COMMANDS += ("generate tiny --out a.png",)
TORCH = r"torch|torchgen|functorch|triton|nvidia|cuda.*"


def size_of(folder: Path, name: str = ".*") -> float:
    """MiB of the files in a folder's members whose names match."""
    members = [each for each in folder.iterdir() if re.fullmatch(name, each.name)]
    files = (file for each in members for file in (each, *each.rglob("*")))
    return sum(file.lstat().st_blocks * 512 for file in files) / 2**20


def try_out(kind: str, python: str) -> None:
    """Install one kind in a fresh environment and run the commands there."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        place = Path(name)
        subprocess.run([python, "-m", "venv", place / "venv"], check=True)
        (packages,) = (place / "venv").glob("lib/python*/site-packages")
        empty, began = size_of(packages), time.monotonic()
        words = ["--constraint", ROOT / "constraints.txt", f"{ROOT}{KINDS[kind]}"]
        pip = [place / "venv/bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        subprocess.run([*pip, *words], check=True)
        seconds, grown = time.monotonic() - began, size_of(packages) - empty
        torch = size_of(packages, TORCH)
        print(f"{python} {kind}: {seconds:.0f} s, {grown:,.0f} MiB, of it PyTorch {torch:,.0f} MiB", flush=True)
        for command in COMMANDS:
            words = [place / "venv/bin/flowleague", *command.split()]
            done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
            last = (done.stdout + done.stderr).strip().splitlines()[-1]
            print(f"  {command}: status {done.returncode} {last}", flush=True)
            if "Traceback" in done.stdout + done.stderr:
                sys.exit(done.stdout + done.stderr)


def main() -> None:
    for python in sys.argv[2:]:
        for kind in sys.argv[1].split(","):
            try_out(kind, python)


if __name__ == "__main__":
    main()
