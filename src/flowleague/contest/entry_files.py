"""What a team may send in: a bundle, a captured entry, or a .py or .ipynb with its weight files. Nothing is run.

Files are untrusted: no links, no more bytes than the rules allow, and of a zip only what `flowleague.bundle.files` or
the strict reader of programs reads, within their limits. A captured entry is recognised by its content, not its name.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from flowleague.archive import MIB, write_zip
from flowleague.bundle.files import LOG_FILE, parse_zip, read_files
from flowleague.bundle.read import read_config, read_records
from flowleague.bundle.recipe import RECIPES, Recipe
from flowleague.contest.copies import sketches_of, tensors_of
from flowleague.data.datasets import public_name
from flowleague.errors import JOINERS, BundleError, FlowLeagueError
from flowleague.files import read_regular
from flowleague.program.container import CONSTANTS, constants_of, declared_in, holds_programs, unpacked
from flowleague.program.format import latent_size
from flowleague.program.values import ProgramError
from flowleague.ranking.field import Compute
from flowleague.weight_files import instead_of_weights

ENDINGS = (".zip", ".py", ".ipynb")
ADVICE = (  # of a .pth or .pt, which is a program for a pickle machine and may hold an optimizer's state too
    "weights are kept as .safetensors: write `safetensors.torch.save_file(model.state_dict(), 'vae.safetensors')`, "
    "read them with `load_file`, and hand that file in."
)
ODD = "a character that some systems refuse; rename it, in the code as well"


class EntryFileError(FlowLeagueError):
    """A file cannot be an entry."""


@dataclass(frozen=True)
class EntryFiles:
    """An entry that was read: the name of its file, the bytes that are kept by name, and what a bundle says of itself.

    weights  SHA-256 of every weight file, by name
    compute  the training as a bundle's card describes it; all unknown for code
    latent   latent dimensions of a bundle or of programs; None where unknown, as for code
    tensors  the numbers in each tensor of the weights, by hash
    sketches  of the same tensors, see `flowleague.contest.copies`
    recipe   the shipped recipe whose settings a bundle has unchanged, if there is one
    logged   hours of training by its log, 0.0 without one
    """

    name: str
    held: dict[str, bytes]
    weights: dict[str, str]
    compute: Compute = field(default_factory=Compute)
    latent: int | None = None
    tensors: dict[str, int] = field(default_factory=dict)
    sketches: dict[str, str] = field(default_factory=dict)
    recipe: str = ""
    logged: float = 0.0


def is_log(name: str) -> bool:
    """Whether a file beside code is its training log, by its name."""
    return name.endswith(LOG_FILE)


def weight_sizes(folder: Path, file: str, names: Iterable[str]) -> dict[str, int]:
    """Bytes of the weight files of a contest's entry by SHA-256: `folder` is the entry's, `file` lies in it.

    Raises `EntryFileError` where a file is not there.
    """
    try:
        raw = read_regular(folder / file, 2**40) if file.endswith(".zip") else b""
        if raw and holds_programs(io.BytesIO(raw)):
            found = {CONSTANTS: constants_of(raw)}
        else:
            found = (
                parse_zip(raw, file)
                if raw
                else {name: read_regular(folder / "weights" / name, 2**40) for name in names}
            )
    except OSError as error:
        raise EntryFileError(f"{error.filename} cannot be read ({error.strerror}).") from error
    return {hashlib.sha256(content).hexdigest(): len(content) for content in found.values()}


def is_plain(name: str) -> bool:
    """Whether a name can be printed, and every system takes it for a file.

    >>> is_plain("größe 2.safetensors"), is_plain("a:b.safetensors"), is_plain("a\\u202eb.safetensors")
    (True, False, False)
    """
    return all(c.isprintable() or c in JOINERS for c in name) and not set(name) & set('/\\:*?"<>|')


def read_entry(path: Path, weights: Sequence[Path], largest_mib: int) -> EntryFiles:
    """Read an entry's file and its weight files, among which a training log may be; a bundle's folder becomes a zip.

    Raises `EntryFileError`.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            if weights:
                raise EntryFileError(f"{path} has its weights inside; leave out --weights.")
            files = read_files(path)
            return _bundle(path, write_zip(files), files, largest_mib)
        ending, raw = path.suffix.lower(), _read(path, largest_mib)
        captured = holds_programs(io.BytesIO(raw))
        if ending not in ENDINGS and not captured:
            raise EntryFileError(
                f"{path} cannot be an entry; send a bundle (folder or .zip), a captured entry, a .py or an .ipynb file."
            )
        if captured or ending == ".zip":
            if weights:
                raise EntryFileError(f"{path} has its weights inside; leave out --weights.")
            return _captured(raw) if captured else _bundle(path, raw, parse_zip(raw, str(path)), largest_mib)
    except (BundleError, ProgramError) as error:
        raise EntryFileError(str(error)) from error
    logs, weights = ([w for w in weights if is_log(w.name) == log] for log in (True, False))
    log, logged = _logs(logs, largest_mib)
    held = {f"entry{ending}": raw} | log
    for weight in weights:
        held[f"weights/{weight.name}"] = _weights(weight, largest_mib)
    _check_size(path, held, largest_mib)
    hashes = {weight.name: hashlib.sha256(held[f"weights/{weight.name}"]).hexdigest() for weight in weights}
    tensors, sketches = tensors_of(held), sketches_of(held)
    return EntryFiles(f"entry{ending}", held, hashes, tensors=tensors, sketches=sketches, logged=logged)


def _weights(path: Path, largest_mib: int) -> bytes:
    """The bytes of a weight file."""
    if path.suffix != ".safetensors" or path.name.startswith("."):
        raise EntryFileError(f"{path} is no weight file; {ADVICE}")
    if not is_plain(path.name):
        raise EntryFileError(f"The name of {path} holds {ODD}.")
    raw = _read(path, largest_mib)
    if wrong := instead_of_weights(raw):
        raise EntryFileError(f"{path} {wrong[0]}. {wrong[1]}")
    return raw


def _logs(paths: Sequence[Path], largest_mib: int) -> tuple[dict[str, bytes], float]:
    """The training log by the name under which it is kept, and its hours; of several the last."""
    held, hours = {}, 0.0
    for path in paths:
        held[LOG_FILE] = _read(path, largest_mib)
        try:
            hours = _hours_of(read_records(held[LOG_FILE], str(path)))
        except BundleError as error:
            raise EntryFileError(str(error)) from error
    return held, hours


def _hours_of(log: Iterable[Mapping[str, Any]]) -> float:
    """Hours of training by a log: the largest seconds of each stage, together."""
    seconds: dict[str, float] = {}
    for line in log:
        if _is_size(spent := line.get("seconds")):
            stage = str(line.get("stage"))
            seconds[stage] = max(spent, seconds.get(stage, 0.0))
    return sum(seconds.values()) / 3600


def _bundle(path: Path, raw: bytes, files: dict[str, bytes], largest_mib: int) -> EntryFiles:
    held = {"entry.zip": raw}
    _check_size(path, held, largest_mib)
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in files if name.endswith(".safetensors")}
    compute, recipe = compute_of_card(files["card.json"]), _recipe(files["config.json"])
    latent, shipped = (recipe.vae.latent, _unchanged(recipe)) if recipe else (None, "")
    tensors, sketches, logged = tensors_of(files), sketches_of(files), _bundle_hours(files[LOG_FILE])
    return EntryFiles("entry.zip", held, hashes, compute, latent, tensors, sketches, shipped, logged)


def _bundle_hours(log: bytes) -> float:
    """Hours of training by the log of a bundle; 0.0 where it cannot be read: measuring says why."""
    try:
        return _hours_of(read_records(log, LOG_FILE))
    except BundleError:
        return 0.0


def _captured(raw: bytes) -> EntryFiles:
    """A captured entry, read whole by the strict reader; raises `ProgramError`."""
    latent = latent_size(unpacked(raw))
    constants = constants_of(raw)
    hashes = {CONSTANTS: hashlib.sha256(constants).hexdigest()}
    declared, held = declared_in(raw), {CONSTANTS: constants}
    return EntryFiles(
        "entry.zip",
        {"entry.zip": raw},
        hashes,
        compute_of(declared.card),
        latent,
        tensors_of(held),
        sketches_of(held),
        logged=_hours_of(declared.log),
    )


def _recipe(config: bytes) -> Recipe | None:
    """The recipe in a bundle's config.json; None where it cannot be read: measuring says why."""
    try:
        return read_config(config, "config.json")
    except BundleError:
        return None


def _unchanged(recipe: Recipe) -> str:
    """The shipped recipe with the same settings, whatever its name, seed, data and budget; empty for none."""
    for name, shipped in RECIPES.items():
        free = {key: getattr(recipe, key) for key in ("name", "about", "seed", "dataset", "budget")}
        if replace(shipped(), **free) == recipe:
            return name
    return ""


def compute_of_card(raw: bytes) -> Compute:
    """The training as a bundle's card.json describes it; what is missing or malformed is unknown."""
    try:
        return compute_of(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Compute()


def compute_of(card: Any) -> Compute:
    """The training as the content of a card describes it; what is missing or malformed is unknown."""
    seconds = _look(card, "training", "seconds")
    hours = None
    if isinstance(seconds, dict) and seconds and all(_is_size(value) for value in seconds.values()):
        hours = sum(seconds.values()) / 3600
    memory, device = _look(card, "training", "peak_memory_bytes"), _look(card, "hardware", "device")
    gpu_name, dataset = _look(card, "hardware", "name"), _look(card, "data", "dataset")
    pretraining, images = _look(card, "data", "pretraining"), _look(card, "data", "images")
    return Compute(
        hours=hours,
        gpu="" if device == "cpu" else str(gpu_name)[:200] if isinstance(gpu_name, str) and device else None,
        memory_gib=memory / 2**30 if _is_size(memory) else None,
        datasets=(public_name(dataset, str(images)),) if isinstance(dataset, str) else None,
        from_scratch=pretraining == "none" if isinstance(pretraining, str) else None,
    )


def completed(card: Compute, said: Compute, logged: float = 0.0) -> Compute:
    """The card's values, completed by the team's; `declared` when any value comes from the team alone.

    Hours are no fewer than the training log holds, where it is known how many they are.

    >>> completed(Compute(hours=1.0), Compute(gpu=""), logged=2.5)
    Compute(hours=2.5, gpu='', memory_gib=None, datasets=None, from_scratch=None, declared=True)
    """
    names = ("hours", "gpu", "memory_gib", "datasets", "from_scratch")
    known = {name: getattr(card, name) for name in names}
    added = {name: getattr(said, name) for name in names if known[name] is None and getattr(said, name) is not None}
    found = Compute(**(known | added), declared=bool(added))
    return found if found.hours is None else replace(found, hours=max(found.hours, logged))


def _look(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _is_size(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e18


def _check_size(path: Path, held: dict[str, bytes], largest_mib: int) -> None:
    if sum(map(len, held.values())) > largest_mib * MIB:
        raise EntryFileError(f"{path} and its weights have more than the {largest_mib} MiB that the rules allow.")


def _read(path: Path, largest_mib: int) -> bytes:
    """The bytes of a regular file, not of a link or a pipe, and not more than the rules allow."""
    try:
        raw = read_regular(path, largest_mib * MIB)
    except FileNotFoundError as error:
        raise EntryFileError(f"There is no file {path}; is the path right?") from error
    except OSError as error:
        raise EntryFileError(f"{path} cannot be read ({error.strerror}); give the file itself, not a link.") from error
    if len(raw) > largest_mib * MIB:
        raise EntryFileError(f"{path} is larger than the {largest_mib} MiB that the rules allow.")
    if not raw:
        raise EntryFileError(f"{path} is empty.")
    return raw
