"""The command that checks whether this system, or a worker of a cluster, can measure strangers' code."""

import platform
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flowleague.cli.layout import Column, print_table, say
from flowleague.cli.options import Address, EngineName, Partition, engine_of

if TYPE_CHECKING:
    from flowleague.engines.job import Engine

_PAUSE = 0.2  # seconds between looks at a worker
_PATIENCE = 900  # seconds that a worker may take


def doctor(engine: EngineName = "local", address: Address = None, partition: Partition = None) -> None:
    """Try to escape from the sandbox in which strangers' code runs, and say what is missing on this system.

    With an engine, a worker of the cluster does so; for Slurm, in a folder that its machines share.
    """
    if engine != "local" or address or partition:
        raise typer.Exit(_on_a_worker(engine_of(engine, address, partition)))
    say(_versions())
    _try_the_sandbox()


def _versions() -> str:
    """What must be equal on machines whose figures shall compare, in a line."""
    from flowleague.hardware import this_machine

    machine = this_machine()
    packages = ", ".join(f"{name} {_version(name)}" for name in ("flowleague", "torch", "numpy"))
    return f"{packages}, Python {platform.python_version()}, {machine.system}, {machine.processor}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is missing"


def _on_a_worker(engine: "Engine") -> int:
    """Run this command on a worker, print what it says, and how it differs from here; returns its exit status."""
    from flowleague.engines.job import Job
    from flowleague.errors import WallError

    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=Path.cwd()) as name:
        command = (sys.executable, "-m", "flowleague", "doctor")
        job = Job(command, Path(name) / "job", threads=1, seconds=_PATIENCE, memory_gib=2)
        engine.start(job)
        say("Asked a worker.")
        try:
            while (ended := engine.poll(job)) is None:
                time.sleep(_PAUSE)
        except BaseException:
            engine.cancel(job)
            raise
    say(*ended.said)
    if ended.status is None:
        raise WallError("The worker ended before it had answered; look at the cluster's own logs.")
    if _versions() not in ended.said:
        say(f"Here: {_versions()}. Scores of machines that differ may differ in their last digits.")
    return ended.status


def _try_the_sandbox() -> None:
    from flowleague.entrant.sandbox.doctor import escapes, requirements
    from flowleague.errors import WallError
    from flowleague.text import counted

    needed = list(requirements())
    built = all(check.good for check in needed)
    checks = needed + (escapes() if built else [])
    rows = []
    for number, check in enumerate(checks):
        word = ("here" if check.good else "MISSING") if number < len(needed) else ("held" if check.good else "ESCAPED")
        rows.append((check.name, word, check.outcome))
    columns = [Column("needed, or tried from inside", folds=True, least=20), Column(""), Column("outcome", folds=True)]
    print_table(columns, rows)
    if not built:
        raise WallError(f"{needed[-1].outcome} Until then only --trust runs code, as if it were your own.")
    escaped = [check.name for check in checks if not check.good]
    if escaped:
        raise WallError(
            f"The sandbox does not hold here: {', '.join(escaped)}. Do not run strangers' code on this system."
        )
    say(f"The sandbox holds: {counted(len(checks) - len(needed), 'attempt')} to escape failed.")
