"""`flowleague score`: measure one model, and say where it places."""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from flowleague.cli import completion
from flowleague.cli.compare import beside
from flowleague.cli.layout import say
from flowleague.cli.options import DataOption, shipped_or

if TYPE_CHECKING:
    from flowleague.entrant.model import Array, Model
    from flowleague.scorecard.card import Scorecard
    from flowleague.scorecard.pictures import Specimens

_CODE, _OFFICIAL = "Code of strangers", "The contest of 2025"


class Protocol(StrEnum):
    """How to measure: by the six categories, or as the contest of 2025 did."""

    FLOWLEAGUE = "flowleague"
    DLAIE_2025 = "dlaie-2025"


class Read(StrEnum):
    """Which images reconstructions and samples are held against."""

    TEST = "test"
    VALIDATION = "validation"


def score(
    entry: Annotated[
        Path,
        typer.Argument(
            metavar="ENTRY",
            help="A bundle's folder or zip, a .py or .ipynb, or a shipped model.",
            callback=shipped_or,
            autocompletion=completion.entries,
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="The scorecard to write; beside the entry by default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same checks on few images, in seconds.")] = False,
    name: Annotated[
        str | None, typer.Option(help="Name of the model in the scorecard; the bundle's name by default.")
    ] = None,
    protocol: Annotated[
        Protocol, typer.Option(help="dlaie-2025: the contest's seven columns.", rich_help_panel=_OFFICIAL)
    ] = Protocol.FLOWLEAGUE,
    classifier: Annotated[
        Path | None,
        typer.Option(help="For dlaie-2025: the contest's classifier, a safetensors file.", rich_help_panel=_OFFICIAL),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="For dlaie-2025: append the row to this CSV file.", rich_help_panel=_OFFICIAL)
    ] = None,
    judges: Annotated[
        str | None, typer.Option(help="Judges: mnist, or a folder that judges train wrote; the data set's by default.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="What to measure on; a bundle's own by default, mnist for a .py or .ipynb.")
    ] = None,
    data: DataOption = None,
    split: Annotated[
        Read, typer.Option(help="validation: the images to choose a model by, in place of the test images; no place.")
    ] = Read.TEST,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="For a .py or .ipynb: folder of its weight files; turns downloads off.", rich_help_panel=_CODE
        ),
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(help="For a .py or .ipynb: TOML file of the sandbox's limits.", rich_help_panel=_CODE)
    ] = None,
    latent_size: Annotated[
        tuple[int, int], typer.Option(metavar="LOW HIGH", help="Fewest and most dimensions of a latent.")
    ] = (3, 49),
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for PNGs of samples, their nearest training digits, reconstructions.")
    ] = None,
    seeds: Annotated[
        Path | None, typer.Option(help="File of five seeds, one a line: a contest's own, which the card does not name.")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Folder of a contest's held-out judge, which finds tuning to the others, and ranks nothing."),
    ] = None,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Run the code without the sandbox, as if it were your own.", rich_help_panel=_CODE
        ),
    ] = False,
    progress_to: Annotated[
        Path | None, typer.Option(help="File that says what is being measured, rewritten as it goes on.", hidden=True)
    ] = None,
    captured_only: Annotated[
        bool,
        typer.Option("--captured-only", help="Reject a .py or .ipynb that cannot be captured.", rich_help_panel=_CODE),
    ] = False,
    contest: Annotated[
        Path | None, typer.Option("--contest", "-C", help="A contest's folder: the place there; else among references.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every metric, also those that do not rank.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Measure a model in all six categories, say where it would place, and write its scorecard as JSON."""
    from flowleague.cli.official import score_official
    from flowleague.cli.verdict import answer
    from flowleague.data import load_training
    from flowleague.entrant.code import CAPTURED_ON, open_entry
    from flowleague.errors import JudgeError
    from flowleague.limits import read_limits
    from flowleague.scorecard.card import write_scorecard
    from flowleague.scorecard.pictures import Specimens

    if protocol is Protocol.DLAIE_2025 and split is Read.VALIDATION:
        raise JudgeError("The protocol dlaie-2025 reads test images; leave --split out.")
    specimens = Specimens() if pictures else None
    drawn = read_seeds(seeds) if seeds else ()
    allowed = read_limits(limits) if limits else None

    def training() -> "Array":
        return load_training(dataset or "mnist", data).train.pixels(CAPTURED_ON)

    by_programs = None if protocol is Protocol.DLAIE_2025 else training
    with open_entry(entry, name=name, limits=allowed, weights=weights, trust=trust, training=by_programs) as opened:
        if captured_only:
            require_captured(opened)
        model = replace(opened, dataset=dataset) if dataset else opened
        path = out or beside(entry)
        said = sys.stderr if as_json else sys.stdout
        for note in model.facts.notes:
            say(note, file=said)
        try:
            if model.failure:  # said once, before anything is spent on judges
                raise model.failure
            if protocol is Protocol.DLAIE_2025:
                score_official(model, data, classifier, csv, name)
                return
            validation = split is Read.VALIDATION
            card = measure_with_progress(
                model, data, judges, dry_run, latent_size, specimens, drawn, validation, held_out, progress_to
            )
            require_measured(card)
            if pictures and specimens:
                specimens.write(pictures)
            write_scorecard(card, path)
            answer(card, contest, everything, as_json)
            say(f"The scorecard is {path}.", file=said)
        finally:
            keep_what_was_said(model, path, said)


def require_measured(card: "Scorecard") -> None:
    """Raises `EntryError` when no call of a model gave anything that could be measured."""
    from flowleague.errors import EntryError

    asked = ("reconstruction", "consistency", "quality", "diversity")
    if all(metric.value is None for group in card.categories if group.name in asked for metric in group.metrics):
        said = dict.fromkeys(found.sentence for found in card.findings if found.category in asked)
        hint = card.findings[0].hint if card.findings else "Run it with --all and look at every reason."
        raise EntryError("nothing_measured", f"Nothing of it could be measured: {' '.join(said)}", hint)


def require_captured(model: "Model") -> None:
    """Raises `EntryError` for a model whose code would be run."""
    from flowleague.errors import EntryError

    for finding in model.facts.findings:
        if finding.name == "not_captured":
            reason = finding.sentence.partition(": ")[2]
            raise EntryError(finding.name, f"Only what can be captured is measured here: {reason}", finding.hint)


def keep_what_was_said(model: "Model", scorecard: Path, out: IO[str]) -> None:
    """Write the entry's output, if any, beside its scorecard."""
    from flowleague.files import write_atomically

    said = model.said()
    if said:
        path = scorecard.with_suffix(".said.txt")
        write_atomically(path, said.encode())
        say(f"What the entry printed, with its tracebacks, is {path}.", file=out)


def measure_with_progress(
    model: "Model",
    data: Path | None,
    judges: str | None,
    dry_run: bool,
    latent_limits: tuple[int, int],
    specimens: "Specimens | None" = None,
    seeds: tuple[int, ...] = (),
    validation: bool = False,
    held_out: Path | None = None,
    progress_to: Path | None = None,
) -> "Scorecard":
    """Measure a model with a progress bar."""
    from flowleague.cli.progress import progress_bar
    from flowleague.judge.evidence import FULL, QUICK
    from flowleague.judge.judges import load_held_out, load_judges
    from flowleague.judge.measure import measure

    with progress_bar(progress_to) as progress:
        return measure(
            model.encode,
            model.decode,
            model.generate,
            facts=model.facts,
            again=model.again,
            dataset=model.dataset,
            data=data,
            judges=load_judges(judges) if judges else None,
            plan=QUICK if dry_run else FULL,
            latent_limits=latent_limits,
            progress=progress,
            specimens=specimens,
            seeds=seeds,
            validation=validation,
            held_out=load_held_out(held_out) if held_out else None,
        )


def read_seeds(file: Path) -> tuple[int, ...]:
    """Five different seeds in [0, 2³¹) from a file, one a line; raises `JudgeError`."""
    from flowleague.errors import JudgeError

    try:
        words = file.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise JudgeError(f"The seeds {file} cannot be read; give a text file of five numbers, one a line.") from error
    seeds = {int(word) for word in words if word.isdecimal() and len(word) <= 10}
    if len(words) != 5 or len(seeds) != 5 or max(seeds) >= 2**31:
        raise JudgeError(f"{file} does not hold five different whole numbers below 2147483648, one a line.")
    return tuple(map(int, words))
