"""`flowleague contest provenance`: how entries were trained, for the organiser alone."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import HERE, ContestOption

if TYPE_CHECKING:
    from flowleague.contest.folder import Contest
    from flowleague.contest.state import Submission
    from flowleague.judge.provenance.examine import Digits, Examination


def provenance(
    team: Annotated[
        str | None, typer.Argument(metavar="TEAM", help="The team whose counting entry is examined.")
    ] = None,
    contest: ContestOption = HERE,
    prizes: Annotated[bool, typer.Option("--prizes", help="Examine the entries that win an award.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Replay the whole training, not its first share.")] = False,
    shadows: Annotated[int, typer.Option(min=2, help="Honest models to train for each test.")] = 4,
    lost: Annotated[
        Path | None, typer.Option(help="Folder of QMNIST's test files: its lost digits become the control images.")
    ] = None,
) -> None:
    """Examine how an entry was trained, beside honest models trained here. Private; no rank, no verdict."""
    from flowleague.contest.folder import open_contest
    from flowleague.errors import BundleError, TrainingError
    from flowleague.judge.provenance.words import sentences

    opened = open_contest(contest)
    entries, winner_of, tests = _winners(opened) if prizes else (_entry_of(opened, team), None, 0)
    digits, p_values = _digits(opened.rules.dataset, lost), dict[str, float]()
    for entry in entries:
        say(f"{entry.team}, entry {entry.id}")
        try:
            found = _examine(opened.folder / entry.folder / entry.file, digits, shadows, full)
        except (BundleError, TrainingError) as error:
            say(
                f"It cannot be examined, which says nothing by itself: only bundles of recipes can. {error}",
                indent="  ",
            )
            continue
        said = list(sentences(found, winner_of))
        say(*said, indent="  ")
        p_values |= _p_values(entry.id, found)
        say(f"Kept: {_keep(opened, entry, found, said)}", indent="  ")
    if prizes:
        _print_adjusted(p_values, tests)


def _entry_of(contest: "Contest", team: str | None) -> "list[Submission]":
    from flowleague.contest.folder import ContestError
    from flowleague.contest.teams import name_key

    if team is None:
        raise ContestError("Name a team, or give --prizes for the entries that win an award.")
    counting = contest.state.counting().get(name_key(team))
    if counting is None:
        raise ContestError(f"No entry of '{team}' counts; `flowleague contest entries` lists them.")
    return [counting]


def _winners(contest: "Contest") -> "tuple[list[Submission], int, int]":
    """The entries that win an award, each once; how many are ranked; two tests for each award, or winner if more."""
    from flowleague.contest.folder import ContestError
    from flowleague.contest.standing import board_of

    board = board_of(contest)
    ids = dict.fromkeys(winner.id for award in board.awards for winner in award.winners)
    if not ids:
        raise ContestError("Nobody wins an award so far; `flowleague contest awards` says why.")
    tests = 2 * max(len(board.awards), len(ids))
    return [contest.state.entry(id_) for id_ in ids], len(board.standings.ranked), tests


def _digits(dataset: str, lost: Path | None) -> "Digits":
    from flowleague.data import load_test, load_training
    from flowleague.data.qmnist import load_lost
    from flowleague.judge.provenance.examine import Digits

    return Digits(
        load_training(dataset), load_test(dataset), dataset == "mnist", load_lost(lost) if lost is not None else None
    )


def _examine(file: Path, digits: "Digits", shadows: int, full: bool) -> "Examination":
    from rich.console import Console

    from flowleague.bundle.read import read_bundle
    from flowleague.judge.provenance.examine import examine
    from flowleague.text import number

    bundle = read_bundle(file)
    with Console(stderr=True).status("Training honest models") as status:
        return examine(
            bundle,
            digits,
            shadows=shadows,
            full=full,
            show=lambda report: status.update(
                f"Training: {report.stage}, {number(report.images)} of {number(report.of_images)} images"
            ),
        )


def _keep(contest: "Contest", entry: "Submission", found: "Examination", said: list[str]) -> Path:
    """Write the report for the organiser, and record its hash."""
    from importlib.metadata import version

    from flowleague.contest.evidence import keep_evidence

    versions = {name: version(name) for name in ("flowleague", "torch", "numpy")}
    return keep_evidence(contest.folder, entry.id, {"versions": versions, "said": said, "found": asdict(found)})


def _p_values(id_: str, found: "Examination") -> dict[str, float]:
    panels = {"flow": found.flow, "reconstruction": found.reconstruction}
    first = {name: panel.looks[0].p for name, panel in panels.items()}
    return {f"{id_} {name}": p for name, p in first.items() if p is not None}


def _print_adjusted(p_values: dict[str, float], tests: int) -> None:
    """Holm's adjustment, where permutations gave p-values: two tests for each award of the rules were fixed."""
    from flowleague.judge.provenance.statistics import holm
    from flowleague.text import number

    if not p_values:
        say("Without the lost digits (--lost) there are no p-values, and nothing is adjusted for several tests.")
        return
    say(f"Adjusted by Holm for the {tests} tests that the awards of contest.toml fix:")
    for name, p in holm(p_values, tests).items():
        say(f"{name}: p {number(p_values[name], 2)}, adjusted {number(p, 2)}", indent="  ")
