"""A captured entry as three functions on numpy arrays: programs that are replayed, no code of the entrant.

Each program is replayed by a process of its own that holds nothing of the others, so a decoder learns of an image
through its latent alone. Images and latents go in another order in each call, so the rows of a portion cannot tell each
other what a latent does not hold. The facts are read off the programs; nothing that the file claims is used.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
import torch

from flowleague.archive import ZipLimits, open_zip, read_zip
from flowleague.entrant.model import Array, Facts, Model, WeightFile
from flowleague.entrant.replaying import Replayer
from flowleague.errors import printable
from flowleague.limits import Limits
from flowleague.program.container import CONSTANTS, MOST_CONSTANTS, MOST_STRUCTURE, STRUCTURE, read
from flowleague.program.cost import cost
from flowleague.program.format import NAMES, Entry
from flowleague.program.values import ProgramError

_IMAGE = (1, 28, 28)
_PEEKED = ZipLimits(members=16, directory=4096, total=2**40)  # only the directory is read


def is_captured(path: str | Path) -> bool:
    """Whether a file is a zip with programs."""
    return Path(path).suffix == ".zip" and any(member == STRUCTURE for member in _members(Path(path)))


@contextmanager
def open_captured(path: str | Path, *, name: str | None = None, limits: Limits | None = None) -> Iterator[Model]:
    """The model in a captured entry's zip, until the context ends.

    Raises `ProgramError` for a file that is no captured entry. What a replay does wrong is raised by the model's
    functions as `Failure`, for the judge to make findings of.
    """
    path, limits = Path(path), limits or Limits()
    name = path.name if name is None else name
    if name != printable(name):
        raise ProgramError(f"'{printable(name)}' is no name for a scorecard; use fewer and printable characters.")
    entry = read(path)
    rows = {"encode": (_latent_size(entry),), "decode": _IMAGE, "generate": _IMAGE}
    facts, threads = _facts(entry, path, name), torch.get_num_threads()
    # The order is the file's own and known to nobody before the file is: who writes it into a program changes it
    order = np.random.default_rng(list(hashlib.sha256(path.read_bytes()).digest()))
    with ExitStack() as stack:
        replayers = {
            role: stack.enter_context(closing(Replayer(path, role, rows[role], limits, threads))) for role in NAMES
        }

        def in_order(role: str, array: Array) -> Array:
            drawn = order.permutation(len(array))
            made = np.empty((len(array), *rows[role]), np.float32)
            made[drawn] = replayers[role](len(array), 0, array[drawn])
            return made

        yield Model(
            encode=lambda images: in_order("encode", images),
            decode=lambda latents: in_order("decode", latents),
            generate=lambda n, seed: replayers["generate"](n, seed),
            facts=facts,
        )


def _latent_size(entry: Entry) -> int:
    """D of an entry whose programs fit together; raises `ProgramError`."""
    if sorted(entry.programs) != sorted(NAMES):
        raise ProgramError("A captured entry needs encode, decode and generate; capture all three.")
    shapes = {}
    for role, program in entry.programs.items():
        outputs = [program.inferred.specs[at] for at in program.outputs]
        specs = [*program.inputs, *outputs]
        if len(outputs) != 1 or any(spec.dtype != "float32" or spec.shape[0] != entry.batch for spec in specs):
            raise ProgramError(f"The program {role} must map float32 rows to float32 rows; capture the entry again.")
        shapes[role] = [spec.shape[1:] for spec in specs]
    latent = shapes["encode"][-1]
    wanted = {"encode": [_IMAGE, latent], "decode": [latent, _IMAGE], "generate": [_IMAGE]}
    if len(latent) != 1 or shapes != wanted:
        raise ProgramError("The programs do not fit together: encode, decode and generate take and give other shapes.")
    return latent[0]


def _facts(entry: Entry, path: Path, name: str) -> Facts:
    try:
        with path.open("rb") as file:
            raw = read_zip(file, {STRUCTURE: MOST_STRUCTURE, CONSTANTS: MOST_CONSTANTS}, (STRUCTURE,))[CONSTANTS]
    except (OSError, ValueError) as error:
        raise ProgramError(f"{printable(path)} cannot be read ({printable(error)}).") from error
    costs = cost(entry)
    return Facts(
        name=name,
        weights=(WeightFile(CONSTANTS, hashlib.sha256(raw).hexdigest(), len(raw), round(costs.numbers)),),
        nfe=round(costs.nfe),
        flops=round(costs.flops["generate"]),
    )


def _members(path: Path) -> list[str]:
    """The names in a zip's directory; none where it is no zip."""
    try:
        with path.open("rb") as file, open_zip(file, _PEEKED) as archive:
            return [member.filename for member in archive.infolist()]
    except (OSError, ValueError):
        return []
