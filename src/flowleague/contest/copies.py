"""Who sent what first: entries that share weights, or give the same outputs, count once, for whoever sent them first.

Weights are compared by the hashes of their tensors, which stand in the record of an entry, so neither names nor file
formats hide a copy; by sketches of tensors (`contest.sketches`), which tell a copy whose weights were changed a little;
and outputs by the figures of a round, which are the same to the last digits for equal models. Entries that only
reconstruct alike are shown as near-copies, which cost nothing by themselves: a person decides.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import safetensors

from flowleague.bundle.files import parse_zip
from flowleague.contest.events import Measurement, Score
from flowleague.contest.sketches import first_near, is_near, sketch
from flowleague.contest.state import Submission
from flowleague.contest.teams import name_key
from flowleague.ranking.findings import Consequence, Flag
from flowleague.shipped import FOLDER

_FEWEST, _MOST = 64, 512  # numbers of a tensor that tells whose it is; tensors that are kept, the largest ones
_MOST_SHARED = 0.5  # of the numbers in an entry's tensors
_NEAR = 1e-3  # relative, of the figures of reconstruction
_DIGITS = 6  # of figures that equal models share on any machine
_SHIPPED = "which FlowLeague ships"
_OUTPUTS = ("reconstruction.", "consistency.", "quality.", "diversity.")
_MSE, _SSIM, _SIZE = "reconstruction.mse", "reconstruction.ssim", "efficiency.tensors_total"


def tensors_of(files: Mapping[str, bytes]) -> dict[str, int]:
    """The numbers in each tensor of safetensors files, by the hash of its bytes; constant and small ones are left out.

    Empty for what cannot be read: measuring says why.
    """
    found: dict[str, int] = {}
    for tensor in _tensors(files):
        data, numbers = bytes(tensor["data"]), math.prod(tensor["shape"])
        if numbers >= _FEWEST and data != data[:8] * (len(data) // 8):
            found[_digest(data)] = numbers
    largest = sorted(found, key=lambda digest: -found[digest])[:_MOST]
    return {digest: found[digest] for digest in largest}


def sketches_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The sketches of tensors of 32-bit floats, 16 hexadecimal digits each, by the hash of their bytes."""
    kept, found = tensors_of(files), {}
    for tensor in _tensors(files):
        data = bytes(tensor["data"])
        if (digest := _digest(data)) in kept and tensor["dtype"] == "F32":
            values = np.frombuffer(data, "<f4").astype(np.float64)
            if np.isfinite(values).all():
                found[digest] = sketch(values)
    return found


def _tensors(files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """The tensors of safetensors files; none of what cannot be read: measuring says why."""
    for name, raw in files.items():
        try:
            yield from (tensor for _, tensor in safetensors.deserialize(raw) if name.endswith(".safetensors"))
        except safetensors.SafetensorError:
            continue


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def copies(submissions: Sequence[Submission], measured: Mapping[str, Measurement]) -> dict[str, list[Flag]]:
    """By id, what entries share with shipped models and with earlier entries of other teams.

    Whose time of receipt is earlier came first, however late it was recorded. Entries that a team withdrew belong to
    `submissions`: what it sent first stays its own when it sends that again.
    """
    flags: dict[str, list[Flag]] = {}
    in_order = sorted(submissions, key=_came)
    for found in (
        _shipped(in_order),
        _shared(in_order),
        _changed(in_order),
        _equal(in_order, measured),
        _near(in_order, measured),
    ):
        for submission, flag in found:
            mine = flags.setdefault(submission.id, [])
            # A copy is told once, by the strongest of its signs: a tensor that it shares hides no more than that
            if not mine or (mine[0].consequence is Consequence.NOTE and flag.consequence is not Consequence.NOTE):
                mine[:] = [flag]
    return flags


def _came(submission: Submission) -> tuple[datetime, int]:
    return submission.submitted, submission.number


def _shipped(submissions: Iterable[Submission]) -> Iterator[tuple[Submission, Flag]]:
    """Shipped models and recipes, whole or for the most part, in whatever format."""
    for submission in submissions:
        whole = max(sum(submission.tensors.values()), 1)
        for model, tensors in _shipped_models().items():
            share = sum(n for digest, n in submission.tensors.items() if digest in tensors) / whole
            if submission.tensors and submission.tensors == tensors:
                yield submission, Flag("shipped_model", f"It is the model {model} that FlowLeague ships, unchanged.")
            elif share > _MOST_SHARED:
                sentence = f"{share:.0%} of the numbers in its weights stand bit for bit in {model}, {_SHIPPED}."
                yield submission, Flag("shipped_model", sentence)
        if submission.recipe:
            sentence = f"It was trained by the recipe {submission.recipe} that FlowLeague ships, unchanged."
            yield submission, Flag("shipped_recipe", sentence)
        near = _near_shipped(submission)
        for model, share in ((model, numbers / whole) for model, numbers in near.items()):
            if share > _MOST_SHARED:
                sentence = f"{share:.0%} of the numbers in its weights lie close to those of {model}, {_SHIPPED}."
                yield submission, Flag("changed_copy", sentence)


def _near_shipped(submission: Submission) -> dict[str, int]:
    """The numbers in tensors that lie near some of a shipped model, by the model."""
    near: dict[str, int] = {}
    for digest, text in submission.sketches.items():
        numbers, mine = submission.tensors.get(digest, 0), int(text, 16)
        for model in {model for model, other in _shipped_sketches().get(numbers, ()) if is_near(mine, other)}:
            near[model] = near.get(model, 0) + numbers
    return near


@cache
def _shipped_models() -> dict[str, dict[str, int]]:
    return {path.stem: tensors_of(parse_zip(path.read_bytes(), path.name)) for path in sorted(FOLDER.glob("*.zip"))}


def _shared(submissions: Iterable[Submission]) -> Iterator[tuple[Submission, Flag]]:
    first: dict[str, Submission] = {}  # who sent a tensor first
    public = {digest for tensors in _shipped_models().values() for digest in tensors}
    for submission in submissions:
        shared: dict[str, int] = {}  # numbers by the earlier entry that holds them
        for digest, numbers in submission.tensors.items():
            if digest in public:
                continue
            earlier = first.setdefault(digest, submission)
            if name_key(earlier.team) != name_key(submission.team):
                shared[earlier.id] = shared.get(earlier.id, 0) + numbers
        if shared:
            share = sum(shared.values()) / sum(submission.tensors.values())
            whose = max(shared, key=lambda id_: shared[id_])
            sentence = f"{share:.0%} of the numbers in its weights stand bit for bit in {whose}, which came first."
            yield submission, Flag("shared_weights" if share > _MOST_SHARED else "shared_tensors", sentence)


def _changed(submissions: Sequence[Submission]) -> Iterator[tuple[Submission, Flag]]:
    """Copies of other teams' entries, changed a little; parts that lie near a shipped model are anybody's."""
    own = [list(_own_sketches(submission)) for submission in submissions]
    firsts = _first_holders(own)
    for submission, sketches in zip(submissions, own, strict=True):
        near: dict[str, int] = {}
        for numbers, _ in sketches:
            first = submissions[next(firsts[numbers])]
            if name_key(first.team) != name_key(submission.team):
                near[first.id] = near.get(first.id, 0) + numbers
        share = sum(near.values()) / max(sum(submission.tensors.values()), 1)
        if share > _MOST_SHARED:
            whose = max(near, key=lambda id_: near[id_])
            sentence = f"{share:.0%} of the numbers in its weights lie close to those of {whose}, which came first."
            yield submission, Flag("changed_copy", sentence)


def _first_holders(own: Sequence[Iterable[tuple[int, int]]]) -> dict[int, Iterator[int]]:
    """By the numbers in a tensor: for each such tensor, in order, the place of the first entry with one near it."""
    groups: dict[int, list[tuple[int, int]]] = {}
    for place, sketches in enumerate(own):
        for numbers, mine in sketches:
            groups.setdefault(numbers, []).append((place, mine))
    firsts = {}
    for numbers, group in groups.items():
        places, sketches = zip(*group, strict=True)
        firsts[numbers] = iter(np.array(places)[first_near(np.array(sketches, np.uint64))].tolist())
    return firsts


def _own_sketches(submission: Submission) -> Iterator[tuple[int, int]]:
    """The numbers in each tensor that lies near none of a shipped model, and its sketch."""
    for digest, text in submission.sketches.items():
        numbers, mine = submission.tensors.get(digest, 0), int(text, 16)
        public = _shipped_sketches().get(numbers, ())
        if not any(is_near(mine, other) for _, other in public):
            yield numbers, mine


@cache
def _shipped_sketches() -> dict[int, list[tuple[str, int]]]:
    """The sketches of shipped models' tensors, with the model, by numbers in the tensor."""
    found: dict[int, list[tuple[str, int]]] = {}
    for path in sorted(FOLDER.glob("*.zip")):
        files = parse_zip(path.read_bytes(), path.name)
        numbers = tensors_of(files)
        for digest, text in sketches_of(files).items():
            found.setdefault(numbers[digest], []).append((path.stem, int(text, 16)))
    return found


def _equal(submissions: Iterable[Submission], measured: Mapping[str, Measurement]) -> Iterator[tuple[Submission, Flag]]:
    first: dict[tuple, Submission] = {}
    for submission, figures in _figures(submissions, measured):
        outputs = tuple(f"{v:.{_DIGITS}g}" for name, v in figures.items() if name.startswith(_OUTPUTS))
        earlier = first.setdefault(outputs, submission)
        if name_key(earlier.team) != name_key(submission.team):
            sentence = f"All {len(outputs)} figures of its outputs equal those of {earlier.id}, which came first."
            yield submission, Flag("equal_outputs", sentence)


def _near(submissions: Iterable[Submission], measured: Mapping[str, Measurement]) -> Iterator[tuple[Submission, Flag]]:
    known = [(s, f[_SIZE], f[_MSE], f[_SSIM]) for s, f in _figures(submissions, measured) if {_SIZE, _SSIM} <= set(f)]
    known.sort(key=lambda each: each[1:])
    for place, (one, size, mse, ssim) in enumerate(known):
        for other, *figures in known[place + 1 :]:
            if figures[0] != size or figures[1] > mse * (1 + _NEAR):
                break
            if name_key(one.team) != name_key(other.team) and abs(figures[2] - ssim) <= _NEAR * (1 - ssim):
                earlier, later = sorted((one, other), key=_came)
                sentence = f"It has as many parameters as {earlier.id}, and reconstructs alike to a thousandth."
                yield later, Flag("near_copy", sentence)


def _figures(
    submissions: Iterable[Submission], measured: Mapping[str, Measurement]
) -> Iterator[tuple[Submission, dict[str, float]]]:
    """The figures of the entries that were measured well enough to be compared."""
    for submission in submissions:
        score = measured.get(submission.id)
        if isinstance(score, Score):
            figures = {name: value for name, (value, _) in score.metrics.items() if value is not None}
            if _MSE in figures and "quality.frechet" in figures:
                yield submission, figures
