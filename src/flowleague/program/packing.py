"""A captured entry in the contest's own interface: one file of Python, and its constants beside it.

    OUT/submission_the_latents.py                   `SubmissionInterface` over three functions, one line an operation
    OUT/the_latents_constants_1a2b3c4d.safetensors  their constants
    OUT/submission_the_latents.training.jsonl       the log, if the entry declares one

It computes what a replay computes. The draws of `generate` come from torch's generator.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from flowleague.bundle.files import LOG_FILE
from flowleague.errors import PackError
from flowleague.files import write_atomically
from flowleague.model.export.pack import DIGITS, check_free, check_texts, earlier_weights, file_name, usual
from flowleague.model.export.script import literal
from flowleague.pages import templates
from flowleague.program.container import constants_file, declared_in, log_of, read_bytes, unpacked
from flowleague.program.format import NAMES, Constant, Entry, Program, latent_size
from flowleague.program.source import drawing, function
from flowleague.text import number

_MOST = 10_000  # operations: beyond, the file is larger than an evaluator reads, and nobody reads it
_BYTES = 2**20  # of the file: what an evaluator reads


@dataclass(frozen=True)
class PackedPrograms:
    """The files of a packed captured entry; `log` is None where the entry declares none."""

    script: Path
    constants: Path
    log: Path | None


def pack_programs(
    entry: Path, out: Path, *, team: str, names: str = "", link: str = "", force: bool = False
) -> PackedPrograms:
    """Write a captured entry as a submission; raises `ProgramError`, `PackError` or `OutputError`.

    `names` are the members' private names and become part of the file. `link` is Google Drive's share link of the
    constants, empty where it is not known yet. `force` replaces an earlier submission of the team.
    """
    check_texts(team, names)
    link = usual(link, "--link") if link else ""
    raw = read_bytes(entry)
    held = _renamed(unpacked(raw))
    declared_in(raw)
    log = log_of(raw)
    constants, name = constants_file(held.constants), file_name(team)
    digest = hashlib.sha256(constants).hexdigest()[:DIGITS]
    packed = PackedPrograms(
        out / f"submission_{name}.py",
        out / f"{name}_constants_{digest}.safetensors",
        out / f"submission_{name}.{LOG_FILE}" if log else None,
    )
    text = submission(held, team=team, names=names, file=packed.constants.name, link=link).encode()
    check_free([path for path in (packed.script, packed.constants, packed.log) if path], force)
    write_atomically(packed.constants, constants)
    if packed.log:
        write_atomically(packed.log, log)
    write_atomically(packed.script, text)  # last: where it is, the others are
    for old in earlier_weights(out, team, "constants") - {packed.constants}:
        old.unlink()
    return packed


def submission(entry: Entry, *, team: str, names: str, file: str, link: str) -> str:
    """The source of a `SubmissionInterface`; an empty link leaves a marked place for it. Raises `PackError`."""
    latent = latent_size(entry)
    operations = {name: len(entry.programs[name].steps) for name in NAMES}
    if sum(operations.values()) > _MOST:
        raise PackError(
            f"The programs have {number(sum(operations.values()))} operations, and a file of one line each holds at "
            f"most {number(_MOST)}; hand in the captured entry itself."
        )
    template = templates("flowleague.program", "", {"literal": literal}).get_template("submission.py.jinja")
    text = template.render(
        operations=operations,
        functions={name: function(entry.programs[name], _SAYS[name]) for name in NAMES},
        noise={name: drawing(entry.programs[name].draws) for name in NAMES},
        latent=latent,
        batch=entry.batch,
        team=team,
        names=names,
        file=file,
        link=link,
    )
    if len(text.encode()) > _BYTES:
        raise PackError("Its file would be larger than the 1 MiB that evaluators read; hand in the captured entry.")
    return text + "\n"


_SAYS = {
    "encode": "Latents (BATCH, LATENT) of images (BATCH, 1, 28, 28).",
    "decode": "Images (BATCH, 1, 28, 28) of latents (BATCH, LATENT).",
    "generate": "Images (BATCH, 1, 28, 28) from noise.",
}


def _renamed(entry: Entry) -> Entry:
    """An entry whose constants are c0, c1, ...: names in a stranger's file may be anything."""
    names = {name: f"c{i}" for i, name in enumerate(sorted(entry.constants, key=lambda name: (len(name), name)))}
    constants: dict[str, Constant] = {names[name]: constant for name, constant in entry.constants.items()}

    def program(one: Program) -> Program:
        return replace(one, constants=tuple((names[name], spec) for name, spec in one.constants))

    return Entry(entry.batch, {name: program(one) for name, one in entry.programs.items()}, constants)
