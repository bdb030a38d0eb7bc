"""`flowleague sweep`: many short trainings of a recipe with other values, and what they say."""

import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from flowleague.cli import completion
from flowleague.cli.layout import Column, print_json, print_table, say
from flowleague.cli.options import Address, DataOption, EngineName, JsonOption, Partition, engine_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowleague.bundle.recipe import Recipe
    from flowleague.sweep.coordinator import Told
    from flowleague.sweep.plan import Plan
    from flowleague.sweep.result import Result, Rules
    from flowleague.sweep.space import Dial, Objective


def sweep(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A recipe, which `flowleague recipes` lists, or a file of yours (my.toml).",
            autocompletion=completion.recipes,
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=LOW..HIGH[:log]",
            help="A value that varies, in a range or among A,B,C; repeatable.",
            autocompletion=completion.changes,
        ),
    ] = None,
    minimise: Annotated[
        list[str] | None, typer.Option(metavar="METRIC", help="A metric to minimise; repeatable.")
    ] = None,
    maximise: Annotated[
        list[str] | None, typer.Option(metavar="METRIC", help="A metric to maximise; repeatable.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds of each trial, whose mean counts: 0..2 or 0,5.")] = "0",
    trials: Annotated[int, typer.Option(help="Trials in all; more than before continues.", min=1, max=100_000)] = 50,
    budget: Annotated[
        float | None, typer.Option(help="Seconds of each training; by default the recipe's own numbers of images.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the sweep; sweeps/RECIPE by default.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Trainings at a time; as many as fit by default.", min=1)] = None,
    threads: Annotated[int, typer.Option(help="Threads of each training.", min=1, max=1024)] = 1,
    engine: EngineName = "local",
    address: Address = None,
    partition: Partition = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search a recipe's values by short trainings, judged on validation; resumes after an interruption."""
    from flowleague.bundle.recipe import get_recipe
    from flowleague.sweep.coordinator import Coordinator
    from flowleague.sweep.page import write_page
    from flowleague.sweep.plan import alone_with, begin
    from flowleague.sweep.result import for_programs, result
    from flowleague.sweep.space import read_dials, read_objectives, read_seeds
    from flowleague.sweep.study import open_study

    folder = out or Path("sweeps") / Path(recipe).stem
    said = sys.stderr if as_json else sys.stdout
    chosen = get_recipe(recipe, [f"budget={budget}"] if budget is not None else [])
    aims = read_objectives(minimise or [], maximise or [])
    plan = _planned(recipe, chosen, read_dials(vary or [], chosen), aims, read_seeds(seeds), threads, data)
    where, stopped = engine_of(engine, address, partition), False
    with alone_with(folder):
        plan = begin(folder, plan)
        study = open_study(folder, plan)
        finished = sum(trial.state.is_finished() for trial in study.trials)
        at_work = Coordinator(folder, plan, study, where, jobs, data.absolute() if data else None)
        try:
            at_work.run(trials, _telling(plan, trials, trials - finished, said))
        except KeyboardInterrupt:
            stopped = True
        found = result(folder, plan, study, _rules())
        write_page(found, folder)
    if as_json and not stopped:
        print_json(for_programs(found, folder))
    elif not stopped:
        _print(found, folder)
    else:
        say(f"\nStopped. Nothing is lost: the same command goes on in {folder}.", file=said)
        raise typer.Exit(130)


def _planned(
    recipe: str,
    chosen: "Recipe",
    dials: "tuple[Dial, ...]",
    objectives: "tuple[Objective, ...]",
    seeds: tuple[int, ...],
    threads: int,
    data: Path | None,
) -> "Plan":
    """What is asked for, checked as far as it can be before anything runs; raises a `FlowLeagueError`."""
    from flowleague.build import evaluator
    from flowleague.data import no_test_images
    from flowleague.judge.evidence import QUICK, load_real
    from flowleague.sweep.plan import Plan, values_of
    from flowleague.sweep.space import check_space
    from flowleague.training.train import check_recipe

    with no_test_images():
        digits = load_real(chosen.dataset, QUICK, data, validation=True)
    check_space(chosen, dials, lambda one: check_recipe(one, digits.classes))
    return Plan(
        recipe=recipe,
        values=values_of(chosen),
        dials=dials,
        objectives=objectives,
        seeds=seeds,
        budget=chosen.budget,
        threads=threads,
        evaluator=evaluator(),
        data_sha256=digits.sha256["test"],
    )


def _rules() -> "Rules":
    """Those of a new contest."""
    from flowleague.contest.verdict import published_rules
    from flowleague.sweep.result import Rules

    rules = published_rules("mnist")
    return Rules(rules.categories, rules.ranking.scheme, rules.fairness)


def _telling(plan: "Plan", trials: int, left: int, out: IO[str]) -> "Callable[[Told], None]":
    """Prints every trial that ends, and about how long the others take."""
    from flowleague.text import duration, number

    began, done = time.monotonic(), 0

    def tell(told: "Told") -> None:
        nonlocal done
        done += 1
        means = zip(plan.objectives, told.values, strict=False)
        what = ", ".join(f"{objective.title} {number(mean)}" for objective, mean in means)
        rest = (time.monotonic() - began) / done * max(left - done, 0)
        about = f" (about {duration(rest)} left)" if rest else ""
        which = f"{trials - left + done} of {trials}: trial {told.trial}"
        say(f"{which}, {what or f'failed. {told.why}'}{about}", file=out)

    return tell


def _print(found: "Result", folder: Path) -> None:
    """The front, what the dials do, and the command for the chosen one."""
    from flowleague.sweep.page import PAGE, command, lead

    say(lead(found))
    if chosen := found.chosen:
        _print_front(found)
        _print_dials(found)
        place = f"place {chosen.place} of {len(found.trials)} trials by the rules of a new contest"
        say(f"Trial {chosen.number} has the lowest rank sum of the front ({place}). In full, it is trained by")
        say(command(found, chosen), indent="    ")
    say(f"The page is {folder / PAGE}; the trainings are listed by: flowleague runs {folder / 'runs'}")


def _print_front(found: "Result") -> None:
    from flowleague.sweep.page import in_words
    from flowleague.text import figure, short

    heads = [Column("trial", right=True), *(Column(one.title, right=True) for one in found.plan.objectives)]
    heads += [Column("rank sum", right=True, spare=1), Column("values", folds=True, least=20)]
    rows = []
    for trial in found.front:
        figures = [figure(one.value or 0.0, one.error) for one in trial.figures]
        rows.append([str(trial.number), *figures, short(trial.score), in_words(trial)])
    print_table(heads, rows)
    say("The front, on validation images; ± is over seeds, or of the measurement where there is one seed.")


def _print_dials(found: "Result") -> None:
    from flowleague.sweep.page import titles
    from flowleague.text import percent, short

    if not found.importance:
        return
    heads = [Column("dial", folds=True)]
    heads += [Column(titles(found).get(name, name), right=True) for name in found.importance]
    heads += [Column("buys", right=True), Column("from", spare=1), Column("to", spare=1)]
    bought = {one.key: one for one in found.bought}
    rows = []
    for dial in found.plan.dials:
        shares = [percent(shares.get(dial.key, 0.0)) for shares in found.importance.values()]
        one = bought.get(dial.key)
        error = f" ± {short(one.error)}" if one and one.error is not None else ""
        rows.append([dial.key, *shares, *([f"{short(one.ranks)}{error}", one.worse, one.better] if one else ["-"] * 3)])
    print_table(heads, rows)
    count = len(found.trials)
    hint = ", a hint below some 30" if count < 30 else ""
    say(f"The share of the variance that a dial explains, from {count} trials{hint}; and how many ranks it buys.")
