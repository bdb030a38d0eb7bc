"""A bundle as three functions on numpy arrays: its networks become programs, which are replayed as every entry's.

A process of ours builds the networks and records what they compute, under limits of memory and time, since a stranger's
recipe says how large they are. What is then measured are the programs of a captured entry, byte for byte those of the
packed file, so the same weights get the same scorecard whichever way they come. The recipe, the log and the names of
the weight files are what a bundle adds. No code of the entrant runs.

    python -m flowleague.entrant.bundle FOLDER MEMORY_MIB CPU_SECONDS
"""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file

from flowleague.bundle.files import FLOW_FILE, VAE_FILE, shown
from flowleague.bundle.read import Bundle, config_json, read_bundle, read_config
from flowleague.bundle.recipe import FlowRecipe, Recipe, VAERecipe
from flowleague.entrant.captured import open_captured
from flowleague.entrant.helping import Helpers
from flowleague.entrant.model import Facts, Failure, Model, WeightFile, failing, failure
from flowleague.entrant.replaying import limit_process
from flowleague.errors import BundleError, printable
from flowleague.files import temporary_folder
from flowleague.limits import Limits
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow, write_weights
from flowleague.program.capturing.compiler import without_compiler
from flowleague.program.capturing.entry import BATCH, record
from flowleague.program.capturing.errors import CaptureError
from flowleague.program.container import write
from flowleague.program.cost import cost as program_cost
from flowleague.program.format import NAMES, Entry
from flowleague.program.values import ProgramError
from flowleague.text import number

_CONFIG, _CAPTURED = "config.json", "captured.zip"
_DONE, _MOST_SAID = b"done", 4096  # bytes of what the process that records says: this, or why it could not


@contextmanager
def open_bundle(path: str | Path, *, name: str | None = None, limits: Limits | None = None) -> Iterator[Model]:
    """The model in a bundle, folder or zip, with its facts, until the context ends; raises `BundleError`.

    `name` is what the scorecard calls it: the name of the folder or zip by default.
    """
    path = Path(path)
    name = path.resolve().name if name is None else name
    if name != printable(name):
        raise BundleError(f"'{printable(name)}' is no name for a scorecard; use fewer and printable characters.")
    bundle = read_bundle(path)
    with replayed(bundle, LatentFlow.from_bundle(bundle, shown(path)), name, limits) as model:
        yield model


@contextmanager
def replayed(bundle: Bundle, flow: LatentFlow, name: str, limits: Limits | None = None) -> Iterator[Model]:
    """A bundle that was read, and the network made of it, as programs that are replayed, until the context ends.

    Where they cannot be recorded within the limits, the model's functions raise the `Failure` that says why.
    """
    limits = limits or Limits()
    with temporary_folder() as place, closing(Helpers()) as helpers:
        try:
            captured = _recorded(flow, place, limits, helpers)
        except Failure as error:
            yield failing(facts_of(bundle, name), error)
            return
        with open_captured(captured, name=name, limits=limits, helpers=helpers) as model:
            yield replace(model, facts=facts_of(bundle, name, model.facts.flops), dataset=bundle.recipe.dataset)


def facts_of(bundle: Bundle, name: str, flops: int | None = None) -> Facts:
    """What files and recipe of a bundle say, and the cost of the program that makes its samples, if it is known."""
    tensors = {VAE_FILE: bundle.vae, FLOW_FILE: bundle.flow}
    weights = tuple(
        WeightFile(file, bundle.sha256[file], bundle.sizes[file], sum(w.size for w in held.values()))
        for file, held in tensors.items()
    )
    costs = cost(bundle.recipe.vae, bundle.recipe.flow)
    return Facts(
        name=name,
        weights=weights,
        parameters=costs.parameters,
        nfe=costs.evaluations,
        flops=sample_flops(bundle.recipe.vae, bundle.recipe.flow) if flops is None else flops,
        log=tuple(bundle.log),
    )


@lru_cache
def sample_flops(vae: VAERecipe, flow: FlowRecipe) -> int:
    """FLOPs of a sample, counted off the program that `generate` of such a model is: one rule for every format."""
    with torch.random.fork_rng(devices=[]):
        model = LatentFlow(Recipe(name="counted", vae=vae, flow=flow)).eval().requires_grad_(False)
    _, entry = record(generate=model.functions()["generate"], checks=0)
    return round(program_cost(entry).flops["generate"])


def programs_of(flow: LatentFlow) -> Entry:
    """The captured entry that networks of ours are.

    They compute alike on any image, so none of the digits is needed, and no check. Raises `CaptureError` or
    `ProgramError` where weights give numbers that are not finite.
    """
    encode, decode, generate = (flow.functions()[name] for name in NAMES)
    images = torch.zeros(BATCH, 1, 28, 28)
    return record(encode=encode, decode=decode, generate=generate, images=images, checks=0)[1]


def _recorded(flow: LatentFlow, folder: Path, limits: Limits, helpers: Helpers) -> Path:
    """The captured entry that a process of its own makes of the networks, in a folder; raises `Failure`."""
    (folder / _CONFIG).write_bytes(config_json(flow.recipe))
    write_weights(folder / VAE_FILE, flow.vae)
    write_weights(folder / FLOW_FILE, flow.velocity)
    allowed = limits.start_seconds + limits.call_seconds
    try:
        with closing(helpers.start(__name__, str(folder), str(limits.memory_mib), str(limits.cpu_seconds))) as helper:
            said = helper.ask(b"", lambda replies: replies.read(_MOST_SAID), allowed)
    except TimeoutError as error:
        raise failure("too_slow", "load", f"to record it took longer than {number(round(allowed))} s") from error
    except OSError:
        said = b""
    if not said:
        raise failure("out_of_memory", "load", "the process that recorded it was ended, most likely for its memory")
    if said != _DONE:
        raise failure("not_replayed", "load", said.decode(errors="replace"))
    return folder / _CAPTURED


def _main(place: str, memory_mib: str, cpu_seconds: str) -> None:
    replies, sys.stdout = sys.stdout.buffer, sys.stderr  # what a library prints is no reply
    torch.set_num_threads(1)  # operations are many and small
    without_compiler()
    limit_process(int(memory_mib), int(cpu_seconds))
    folder, said = Path(place), _DONE
    flow = LatentFlow(read_config((folder / _CONFIG).read_bytes(), _CONFIG))
    flow.vae.load_state_dict(load_file(folder / VAE_FILE))
    flow.velocity.load_state_dict(load_file(folder / FLOW_FILE))
    try:
        write(programs_of(flow.eval().requires_grad_(False)), folder / _CAPTURED)
    except (CaptureError, ProgramError) as error:
        said = str(error).encode()
    replies.write(said)
    replies.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
