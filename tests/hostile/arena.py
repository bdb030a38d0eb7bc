"""Runs hostile entries: each file in `entries/` says in its first lines what it tries and what has to come of it.

Those that are no Python text, or too large to keep, are made by `files.py`.

# finding: names of findings, one of which at least must be made; none when the attack has no effect
# says: a pattern that one of their sentences contains
# limits: limits that differ from those below
# asks: what is asked of it
"""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from flowleague.entrant.code import open_entry
from flowleague.entrant.model import Model
from flowleague.entrant.sandbox.processes import family
from flowleague.errors import FlowLeagueError
from flowleague.judge.categories import SEEDS, check_seeds
from flowleague.judge.checked import CheckedModel
from flowleague.judge.integrity import depends_on_batch, hidden_bits, to_8_bits
from flowleague.judge.kernels import squared_error
from flowleague.limits import Limits, parse_limits
from flowleague.scorecard.metrics._base import Unmeasurable
from tests.hostile.files import MADE

ENTRIES = Path(__file__).parent / "entries"
CANARY = Path("/var/tmp/flowleague-canary")
LIMITS = {
    "memory_mib": 2000,
    "processes": 60,
    "start_seconds": 120,
    "call_seconds": 60,
    "tmp_mib": 64,
    "output_kib": 16,
}
N = 20
GENERATE = ("generate",)


@dataclass(frozen=True)
class Attack:
    """A hostile entry and what is expected of the measurement."""

    path: Path
    what: str
    findings: tuple[str, ...]
    says: str
    asks: tuple[str, ...]
    limits: Limits
    make: Callable[[Path], None] | None = None  # makes the file, where it is not kept

    @property
    def name(self) -> str:
        return "".join(c if c.isprintable() else "?" for c in self.path.stem)


@dataclass(frozen=True)
class Outcome:
    """Findings by name, what the entry printed, what was left behind, and the seconds that it took."""

    findings: dict[str, str]
    said: str
    left: tuple[str, ...]
    seconds: float

    def failing(self, attack: Attack) -> str:
        """What is wrong with the outcome; empty when the attack was held."""
        if "ESCAPED" in self.said:
            return f"it escaped: {self.said}"
        if self.left:
            return f"it left {', '.join(self.left)}"
        if len(self.said) > 3 * 1100 * attack.limits.output_kib:
            return "too much of what it printed was kept"
        if attack.findings == ("none",):
            return f"unexpected findings: {self.findings}" if self.findings else ""
        found = set(attack.findings) & set(self.findings)
        if not found:
            return f"none of {attack.findings} among {self.findings}"
        told = " ".join(self.findings[name] for name in found)
        return "" if re.search(attack.says, told) else f"'{attack.says}' is not in '{told}'"


def read_attack(path: Path) -> Attack:
    """The attack in a file."""
    text = path.read_text()
    head = dict(re.findall(r"^# (\w+): (.*)$", text.partition("\n\n")[0], re.MULTILINE))
    named = (part.split("=") for part in head.get("limits", "").split())
    limits = LIMITS | {name: msgspec.json.decode(value) for name, value in named}
    return Attack(
        path=path,
        what=text.partition('"""')[2].partition('"""')[0],
        findings=tuple(head["finding"].split()),
        says=head.get("says", ""),
        asks=tuple(head.get("asks", "generate").split()),
        limits=parse_limits(limits, path.name),
    )


def attacks() -> list[Attack]:
    """All hostile entries."""
    usual = parse_limits(LIMITS, "arena.py")
    kept = [read_attack(path) for path in sorted(ENTRIES.glob("*.py"))]
    made = [
        Attack(Path(name), what, (finding,), says, GENERATE, usual, make) for name, what, finding, says, make in MADE
    ]
    return kept + made


def run(attack: Attack) -> Outcome:
    """Measure a hostile entry as the judge would, on few images."""
    start, findings, said = time.monotonic(), {}, ""
    with tempfile.TemporaryDirectory() as folder:
        path = attack.path
        if attack.make:
            path = Path(folder) / attack.path
            attack.make(path)
        with traces() as left:
            try:
                with open_entry(path, limits=attack.limits) as model:
                    findings, said = ask(model, attack), model.said()
            except FlowLeagueError as refusal:
                findings = {getattr(refusal, "name", type(refusal).__name__): str(refusal)}
    return Outcome(findings, said, tuple(left), time.monotonic() - start)


def ask(model: Model, attack: Attack) -> dict[str, str]:
    """Ask what an attack wants to be asked; findings by name."""
    findings = {}
    for what in attack.asks:
        try:
            ASKS[what](model)
        except Unmeasurable as failure:
            findings[failure.name] = failure.sentence
    return findings


@contextmanager
def traces() -> Iterator[list[str]]:
    """A list that, in the end, holds what is there and was not there before: processes, descriptors, files."""
    found: list[str] = []
    CANARY.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        before, own = tempfile.tempdir, {*family(os.getpid())}
        open_files = len(os.listdir("/proc/self/fd"))
        tempfile.tempdir = folder
        try:
            yield found
        finally:
            tempfile.tempdir = before
        found += [f"process {process}" for process in {*family(os.getpid())} - own]
        found += [f"file {name}" for name in os.listdir(folder)]
    if len(os.listdir("/proc/self/fd")) != open_files:
        found.append("open descriptors")
    if CANARY.exists():
        found.append(str(CANARY))


def _generate(model: Model) -> None:
    checked = CheckedModel(model)
    for _ in range(2):
        checked.generate(N, SEEDS[0])


def _reconstruct(model: Model) -> None:
    """What the judge does to find codes and memories."""
    checked, x = CheckedModel(model), images()
    latents = checked.encode(x)
    exact, rounded = checked.decode(latents), checked.decode(to_8_bits(latents))
    found = hidden_bits(squared_error(x, exact), squared_error(x, rounded))
    if found := found or depends_on_batch(checked, x, latents, exact):
        raise found


def images() -> np.ndarray:
    """Twenty images with black and white pixels."""
    return np.random.default_rng(0).integers(0, 2, (N, 1, 28, 28)).astype(np.float32)


ASKS = {
    "generate": _generate,
    "seeds": lambda model: check_seeds(CheckedModel(model), N),
    "reconstruct": _reconstruct,
    "codec": lambda _: None,
}
