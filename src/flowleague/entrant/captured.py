"""A captured entry as three functions on numpy arrays: programs that are replayed, no code of the entrant.

Each program is replayed by a process of its own that holds nothing of the others, so a decoder learns of an image
through its latent alone. Images and latents go in another order in each call, so the rows of a portion cannot tell each
other what a latent does not hold. The facts are read off the programs; nothing that the file claims is used.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from flowleague.entrant.helping import Helpers
from flowleague.entrant.model import Array, Facts, Model, WeightFile, restored
from flowleague.entrant.replaying import Replayer
from flowleague.errors import printable
from flowleague.limits import Limits
from flowleague.program.container import (
    CONSTANTS,
    constants_of,
    declared_in,
    packed,
    read_bytes,
    unpacked,
)
from flowleague.program.cost import cost
from flowleague.program.format import IMAGE, NAMES, Entry, latent_size
from flowleague.program.values import ProgramError


@contextmanager
def open_captured(
    path: str | Path, *, name: str | None = None, limits: Limits | None = None, helpers: Helpers | None = None
) -> Iterator[Model]:
    """The model in a captured entry's zip, until the context ends; it is replayed by `helpers`, or by its own.

    Raises `ProgramError` for a file that is no captured entry. What a replay does wrong is raised by the model's
    functions as `Failure`, for the judge to make findings of.
    """
    path, limits = Path(path), limits or Limits()
    name = path.name if name is None else name
    if name != printable(name):
        raise ProgramError(f"'{printable(name)}' is no name for a scorecard; use fewer and printable characters.")
    raw = read_bytes(path)
    entry, declared = unpacked(raw), declared_in(raw)
    rows = {"encode": (latent_size(entry),), "decode": IMAGE, "generate": IMAGE}
    digest = hashlib.sha256(packed(entry)).digest()
    order = np.random.default_rng(list(digest))
    with ExitStack() as stack:
        started = helpers or stack.enter_context(closing(Helpers()))
        replayers = {role: Replayer(started, path, role, rows[role], limits) for role in NAMES}
        for replayer in replayers.values():
            stack.enter_context(closing(replayer))
        yield replace(
            _functions(replayers, order, threads=1, at_once=torch.get_num_threads()),
            facts=_facts(entry, raw, declared.log, name),
            dataset=declared.card.get("data", {}).get("dataset") or "mnist",
            again=_functions(replayers, order, threads=2, at_once=1),
        )


def _functions(replayers: Mapping[str, Replayer], order: np.random.Generator, threads: int, at_once: int) -> Model:
    """Three replayers as a model that computes with so many `threads`, and so many portions `at_once`.

    Images and latents go in an order that is the programs' own and known to nobody before they are: who writes it into
    a program changes it.
    """

    def in_order(role: str, array: Array) -> Array:
        drawn = order.permutation(len(array))
        return restored(replayers[role](len(array), 0, array[drawn], threads=threads, at_once=at_once), drawn)

    return Model(
        encode=lambda images: in_order("encode", images),
        decode=lambda latents: in_order("decode", latents),
        generate=lambda n, seed: replayers["generate"](n, seed, threads=threads, at_once=at_once),
    )


def _facts(entry: Entry, raw: bytes, log: list[dict[str, Any]], name: str) -> Facts:
    costs, constants = cost(entry), constants_of(raw)
    digest = hashlib.sha256(constants).hexdigest()
    return Facts(
        name=name,
        weights=(WeightFile(CONSTANTS, digest, len(constants), round(costs.numbers)),),
        nfe=round(costs.nfe),
        flops=round(costs.flops["generate"]),
        log=tuple(log) or None,
    )
