"""The result of an evaluation, on its way from the unprivileged job to the privileged one.

outcome.json            whose result it is, and how the evaluation ended
scorecard.json          where it was measured, what `flowleague score` wrote
samples.png, …          pictures of what was measured, as `flowleague.scorecard.pictures` draws them
scorecard.said.txt      what the entry printed; report.zip: a bundle's report. Both are for people to download

What arrives is untrusted: whoever escaped from the sandbox wrote it. It is a zip of these files alone, read by name
into memory, to a limit (`flowleague.archive`); only the first three kinds are read, strictly, and the number,
commit and team in them are compared, never trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from flowleague.archive import read_zip
from flowleague.errors import PRINTABLE, printable
from flowleague.files import write_atomically
from flowleague.pulls.event import Pull, PullError
from flowleague.scorecard import pictures as specimens
from flowleague.scorecard.card import MAX_BYTES, Scorecard, ScorecardError, parse_scorecard
from flowleague.strict_json import read_object

NAME = "evaluation"
OUTCOME, CARD, SAID, REPORT = "outcome.json", "scorecard.json", "scorecard.said.txt", "report.zip"
MIB = 2**20
PICTURES = {f"{name}.png": name for name in specimens.NAMES}
LIMITS = {OUTCOME: 10_000, CARD: MAX_BYTES, SAID: MIB, REPORT: 16 * MIB}  # bytes of each file
LIMITS |= dict.fromkeys(PICTURES, specimens.MAX_BYTES)
ZIP_LIMIT = sum(LIMITS.values())


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """How an evaluation ended: "measured" with a scorecard, or "failed" or "refused" with the reason."""

    pull: Annotated[int, Meta(ge=1, le=10**9)]
    head: Annotated[str, Meta(pattern=r"^[0-9a-f]{40,64}(?![\s\S])")]
    end: Literal["measured", "failed", "refused"]
    sentence: Annotated[str, Meta(max_length=1000, pattern=PRINTABLE)] = ""


@dataclass(frozen=True)
class Result:
    """An artifact that was read: the outcome, and where it was measured the scorecard, and pictures by name."""

    outcome: Outcome
    card: Scorecard | None
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def write_outcome(out: Path, pull: Pull, end: Literal["measured", "failed", "refused"], sentence: str = "") -> None:
    """Say how an evaluation ended."""
    outcome = Outcome(pull.number, pull.head, end, printable(sentence, 900))
    write_atomically(out / OUTCOME, msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n")


def read_artifact(raw: bytes, pull: Pull) -> Result:
    """Read the zip of an evaluation of a pull request; raises `PullError` for anything else."""
    try:
        if len(raw) > ZIP_LIMIT:
            raise ValueError(f"it is larger than {ZIP_LIMIT // MIB} MiB")
        files = read_zip(raw, LIMITS, skip=(SAID, REPORT))
        outcome = msgspec.convert(read_object(_held(files, OUTCOME)), Outcome)
    except ValueError as error:  # a ValidationError of msgspec is a ValueError
        raise PullError(f"The result of the evaluation cannot be used: {printable(error)}.") from error
    if (outcome.pull, outcome.head) != (pull.number, pull.head):
        raise PullError("The result of the evaluation claims to belong to another commit or pull request.")
    if outcome.end != "measured":
        return Result(outcome, None)
    try:
        card = parse_scorecard(_held(files, CARD))
        pictures = {name: files[file] for file, name in PICTURES.items() if file in files}
        for name, picture in pictures.items():
            specimens.check_picture(name, picture)
        return Result(outcome, card, pictures)
    except (ScorecardError, specimens.PictureError, ValueError) as error:
        raise PullError(f"The result of the evaluation cannot be used: {printable(error, 500)}") from error


def _held(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise ValueError(f"it holds no {name}")
    return files[name]
