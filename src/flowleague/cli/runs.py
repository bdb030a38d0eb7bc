"""`flowleague runs`: the trainings in a folder, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowleague.cli.layout import Column, print_json, print_table, say
from flowleague.cli.options import JsonOption

if TYPE_CHECKING:
    from flowleague.bundle.runs import KnownRun


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder of runs, or one run.")] = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """List the runs in a folder: state, recipe, seed, key figures, and in what each differs from its recipe."""
    from flowleague.bundle.runs import find_runs

    found = list(find_runs(folder))
    if as_json:
        print_json([_for_programs(run) for run in found])
        return
    if not found:
        say(f"No run is in {folder}; train one with: flowleague train quick --out {folder / 'quick'}")
        return
    heads = [
        Column("run", folds=True),
        Column("state"),
        Column("recipe", spare=2),
        Column("seed", right=True, spare=3),
        Column("numbers", right=True, spare=1),
        Column("MSE", right=True),
        Column("Fréchet", right=True, spare=4),
        Column("trained in", right=True, spare=5),
        Column("differs in", folds=True, least=22),
    ]
    print_table(heads, map(_row, found))
    say("MSE: on validation, at the end of what was trained. Fréchet: of the scorecard, where there is one.")
    say(*(f"{run.folder.name}: {run.problem}" for run in found if run.problem))
    if resumable := [run for run in found if run.state == "resumable"]:
        say(f"Go on with: flowleague train ... --out {resumable[0].folder} --resume, and the words it was begun with.")


def _row(run: "KnownRun") -> list[str]:
    from flowleague.bundle.read import training_seconds
    from flowleague.cli.inspect import as_set
    from flowleague.text import duration, number

    def shown(value: float | None) -> str:
        return "-" if value is None else number(value)

    seconds = training_seconds(run.card)
    return [
        run.folder.name,
        run.state,
        run.recipe.name if run.recipe else "-",
        str(run.recipe.seed) if run.recipe else "-",
        shown(run.card.get("cost", {}).get("with_buffers")),
        shown(_mse(run)),
        shown(_frechet(run)),
        "-" if seconds is None else duration(seconds),
        "\n".join(f"{key}={as_set(value)}" for key, value in run.changes.items()),
    ]


def _mse(run: "KnownRun") -> float | None:
    """The autoencoder's error on validation images, after fine-tuning where there was one."""
    return next(
        (run.validation[stage]["mse"] for stage in ("tune", "vae") if "mse" in run.validation.get(stage, {})), None
    )


def _frechet(run: "KnownRun") -> float | None:
    from flowleague.scorecard.card import ScorecardError, read_scorecard

    try:
        return read_scorecard(run.folder / "scorecard.json").metrics()["quality.frechet"].value
    except (ScorecardError, OSError, KeyError):
        return None


def _for_programs(run: "KnownRun") -> dict[str, Any]:
    recipe = {"recipe": run.recipe.name, "seed": run.recipe.seed} if run.recipe else {}
    return {
        "folder": str(run.folder),
        "state": run.state,
        **recipe,
        "changes": run.changes,
        "validation": run.validation,
        "frechet": _frechet(run),
        "card": run.card,
        "problem": run.problem,
    }
