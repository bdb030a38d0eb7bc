"""`flowleague contest check`, `evaluate`, `rescore` and `final-round`: an organiser measures what came in."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli import standings
from flowleague.cli.layout import Column, print_table, say
from flowleague.cli.options import HERE, Address, ContestOption, EngineName, Partition, engine_of
from flowleague.cli.terminal import lacks_extra

if TYPE_CHECKING:
    from flowleague.contest.evaluate import Retry
    from flowleague.contest.folder import Contest
    from flowleague.contest.ready import Look
    from flowleague.engines.job import Engine

Jobs = Annotated[int | None, typer.Option(min=1, help="Entries in parallel; as many as memory allows by default.")]


def check(contest: ContestOption = HERE) -> None:
    """Look whether the contest can be held here: rules, names, dates, data, judges, sandbox, disk, memory."""
    from flowleague.contest.folder import open_contest

    looks = list(_looks(open_contest(contest)))
    marks = {"fine": "", "note": "look", "stops": "MEND"}
    rows = [(marks[one.means], one.name, one.seen) for one in looks]
    print_table([Column(""), Column(""), Column("", folds=True)], rows)
    notes, stops = (sum(one.means == means for one in looks) for means in ("note", "stops"))
    if stops:
        say(f"Nothing can be measured before {'this is' if stops == 1 else f'these {stops} are'} mended.")
        raise typer.Exit(2)
    say("All is ready." if not notes else "Entries can be measured; look at what is marked.")


def warn(folder: Path) -> None:
    """Say what must be looked at before anything is measured, as far as that is seen without digits and PyTorch."""
    from flowleague.contest.folder import open_contest
    from flowleague.contest.ready import look

    contest = open_contest(folder)
    for one in look(contest):
        if one.means != "fine":
            say(f"Look at {one.name}: {one.seen}{'' if one.seen.endswith('?') else '.'}")
    name = contest.rules.dataset
    if not (contest.folder / "judges").is_dir() and not (files("flowleague") / "judge" / "weights" / name).is_dir():
        say(f"Look at judges: none are shipped for {name}; `flowleague judges train --dataset {name} --out judges`.")


def _looks(contest: "Contest") -> "Iterator[Look]":
    from flowleague.contest.ready import look

    yield from look(contest)
    yield _data(contest)
    yield _judges(contest)
    yield _sandbox(contest)


def _data(contest: "Contest") -> "Look":
    from flowleague.contest.ready import Look
    from flowleague.data import load_test
    from flowleague.errors import FlowLeagueError
    from flowleague.text import number

    try:
        images = load_test(contest.rules.dataset).images
    except FlowLeagueError as error:
        return Look("data", str(error), "stops")
    return Look("data", f"{contest.rules.dataset}, {number(len(images))} test images")


def _judges(contest: "Contest") -> "Look":
    from flowleague.contest.ready import Look
    from flowleague.errors import FlowLeagueError

    try:
        from flowleague.judge.judges import load_judges
    except ModuleNotFoundError as error:
        return Look("judges", lacks_extra(error) or str(error), "stops")
    own = contest.folder / "judges"
    try:
        load_judges(own if own.is_dir() else contest.rules.dataset)
    except FlowLeagueError as error:
        return Look("judges", str(error), "stops")
    return Look("judges", "the contest's own" if own.is_dir() else "those that FlowLeague ships")


def _sandbox(contest: "Contest") -> "Look":
    """The sandbox is missed by code alone; bundles and captured entries need none."""
    from flowleague.contest.ready import Look
    from flowleague.entrant.sandbox.doctor import requirements

    missing = next((one for one in requirements() if not one.good), None)
    if missing is None:
        return Look("sandbox", "can be built; `flowleague doctor` tries to escape from it")
    code = sum(not entry.file.endswith(".zip") for entry in contest.state.live())
    seen = f"{missing.outcome} Bundles and captured entries need none; entries of code so far: {code}."
    return Look("sandbox", seen, "note")


def judges(
    contest: ContestOption = HERE,
    foreground: Annotated[bool, typer.Option("--foreground", help="Train in this process.")] = False,
) -> None:
    """Train the contest's held-out judge, in the background, or go on with it; it finds tuning to the public judges.

    Only the organiser has it. It ranks nothing, and its weights stay in private/, which git ignores.
    """
    from flowleague.contest.folder import open_contest
    from flowleague.contest.held_out import held_out as finished
    from flowleague.contest.held_out import log_of, said_of, train_in_background, training_of

    opened, training = open_contest(contest), training_of(contest)
    if foreground and not finished(contest):
        _train_held_out(opened)
    elif not finished(contest) and not (training and training.at_work):
        train_in_background(contest)
        say(f"The held-out judge is being trained in the background; what it prints is in {log_of(contest)}.")
        say("`flowleague contest check` says how far it is. Entries are measured when it is there.")
        return
    seen, _ = said_of(open_contest(contest))
    say(f"The held-out judge: {seen}.")


def _train_held_out(contest: "Contest") -> None:
    from flowleague.contest.folder import hide_private
    from flowleague.contest.held_out import judge_folder, keep_progress, note_held_out
    from flowleague.contest.records import writing
    from flowleague.judge.make_judges import make_held_out
    from flowleague.text import percent

    hide_private(contest.folder)  # before there is anything to hide

    def tell(done: float, seconds: float) -> None:
        keep_progress(contest.folder, done, seconds)
        print(f"{percent(done)} done", flush=True)

    judge = make_held_out(contest.rules.dataset, judge_folder(contest.folder), tell=tell)
    with writing(contest.folder) as writer:
        note_held_out(writer)
    right = judge.card["validation"]["accuracy"]
    say(f"It classifies {percent(right['value'], 4)} of {right['n']:,} validation images correctly.")


def evaluate(
    contest: ContestOption = HERE,
    jobs: Jobs = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try again where the evaluator failed, or time or memory ran out.")
    ] = False,
    retry_all: Annotated[bool, typer.Option("--retry-all", help="Try every failed entry again.")] = False,
    engine: EngineName = "local",
    address: Address = None,
    partition: Partition = None,
) -> None:
    """Measure every entry that has no scorecard; resumes after an interruption."""
    wanted = "all" if retry_all else "chance" if retry else ""
    if status := _measure(contest, jobs, wanted, engine=engine_of(engine, address, partition)):
        raise typer.Exit(status)


def rescore(
    reason: Annotated[str, typer.Option(help="Why, for the records.")],
    team: Annotated[
        str | None, typer.Argument(metavar="[TEAM]", help="Only the entries of this team, in the same round.")
    ] = None,
    contest: ContestOption = HERE,
    jobs: Jobs = None,
    engine: EngineName = "local",
    address: Address = None,
    partition: Partition = None,
) -> None:
    """Measure every entry again, and print who moved and why; resumes after an interruption.

    With a team only its entries, by the same evaluator and seeds: after a fault that was theirs alone.
    """
    from flowleague.contest.folder import open_contest
    from flowleague.contest.rescore import begin_again, begin_round

    where = engine_of(engine, address, partition)
    _require_ready(open_contest(contest))
    if team is not None:
        ids = begin_again(contest, team, reason)
        say(f"Measured again: {', '.join(ids)} of {team}.")
        if status := _measure(contest, jobs, ready=True, engine=where):
            raise typer.Exit(status)
        return
    begin_round(contest, reason)
    _measure_again(contest, jobs, where, ready=True)


def final_round(
    value: Annotated[str, typer.Argument(help="The public random value, as it was announced after the closing.")],
    contest: ContestOption = HERE,
    jobs: Jobs = None,
    engine: EngineName = "local",
    address: Address = None,
    partition: Partition = None,
) -> None:
    """Measure every entry with seeds that derive from a public value, once; resumes with the same value."""
    from flowleague.contest.seeds import begin_final_round

    where = engine_of(engine, address, partition)
    begin_final_round(contest, value)
    _measure_again(contest, jobs, where)


def _measure_again(contest: Path, jobs: int | None, engine: "Engine", ready: bool = False) -> None:
    """Measure what the last round has not, and print what it changed."""
    from flowleague.contest.folder import open_contest
    from flowleague.contest.rescore import changes

    status = _measure(contest, jobs, ready=ready, engine=engine)
    opened = open_contest(contest)
    if opened.state.round > 1:
        standings.print_changes(changes(opened, opened.state.round - 1, opened.state.round))
    if status:
        raise typer.Exit(status)


def _measure(folder: Path, jobs: int | None, retry: "Retry" = "", ready: bool = False, *, engine: "Engine") -> int:
    """Measure what waits, and say what becomes of it; returns the exit status.

    `ready`: it was looked already whether entries can be measured.
    """
    from flowleague.cli.watching import Watch, conclude, preview
    from flowleague.contest.evaluate import evaluate as measure
    from flowleague.contest.evaluate import waiting
    from flowleague.contest.folder import open_contest
    from flowleague.contest.seeds import described
    from flowleague.contest.watching import seconds_each

    opened = open_contest(folder)
    wait = waiting(opened.state, retry)
    if not wait:
        say(_nothing_waits(opened))
        return 0
    if not ready:
        _require_ready(opened)
    say(described(opened.state))
    asked, each = opened.rules.evaluation, seconds_each(opened)
    at_a_time = min(jobs or engine.width(asked.threads, asked.memory_gib), len(wait))
    say(preview(opened, wait, at_a_time, each))
    with Watch(len(wait), at_a_time, each) as watch:
        done = measure(folder, jobs=jobs, retry=retry, engine=engine, tell=watch.tell, watch=watch.see)
    return conclude(done, opened, watch.seconds)


def _nothing_waits(contest: "Contest") -> str:
    """What is said where no entry waits: how many failed, and what tries them again."""
    from flowleague.contest.evaluate import may_change
    from flowleague.contest.events import Failure
    from flowleague.text import counted

    measured = contest.state.measured[-1]
    failed = [found for entry in contest.state.live() if isinstance(found := measured.get(entry.id), Failure)]
    if not failed:
        return "Every entry is measured."
    again = sum(may_change(failure) for failure in failed)
    count = counted(len(failed), "entry", "entries")
    said = f"Nothing waits; {count} could not be measured, which --retry-all tries again"
    return (
        f"{said}, and --retry the {again} where the evaluator failed, or time or memory ran out."
        if again
        else f"{said}."
    )


def _require_ready(contest: "Contest") -> None:
    """Raises `ContestError` for the first thing that would make every entry fail."""
    from flowleague.contest.folder import ContestError

    for one in _looks(contest):
        if one.means == "stops":
            raise ContestError(f"Nothing was measured: {one.name}: {one.seen}")
