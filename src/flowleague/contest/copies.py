"""Who sent what first: entries that share weights, or give the same outputs, count once, for whoever sent them first.

Weights are compared by the hashes of their tensors, which stand in the record of an entry, so neither names nor file
formats hide a copy; outputs by the figures of a round, which are the same to the last digits for equal models. A copy
whose weights were changed a little is shown as a near-copy, and costs nothing by itself: a person decides.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import safetensors

from flowleague.bundle.files import parse_zip
from flowleague.contest.events import Measurement, Score
from flowleague.contest.state import Submission
from flowleague.contest.teams import name_key
from flowleague.ranking.findings import Flag
from flowleague.shipped import FOLDER

_FEWEST, _MOST = 64, 512  # numbers of a tensor that tells whose it is; tensors that are kept, the largest ones
_MOST_SHARED = 0.5  # of the numbers in an entry's tensors
_NEAR = 1e-3  # relative, of the figures of reconstruction
_DIGITS = 6  # of figures that equal models share on any machine
_OUTPUTS = ("reconstruction.", "consistency.", "quality.", "diversity.")
_MSE, _SSIM, _SIZE = "reconstruction.mse", "reconstruction.ssim", "efficiency.tensors_total"


def tensors_of(files: Mapping[str, bytes]) -> dict[str, int]:
    """The numbers in each tensor of safetensors files, by the hash of its bytes; constant and small ones are left out.

    Empty for what cannot be read: measuring says why.
    """
    found: dict[str, int] = {}
    for name, raw in files.items():
        try:
            tensors = safetensors.deserialize(raw) if name.endswith(".safetensors") else []
        except safetensors.SafetensorError:
            continue
        for _, tensor in tensors:
            data, numbers = bytes(tensor["data"]), math.prod(tensor["shape"])
            if numbers >= _FEWEST and data != data[:8] * (len(data) // 8):
                found[hashlib.sha256(data).hexdigest()[:32]] = numbers
    largest = sorted(found, key=lambda digest: -found[digest])[:_MOST]
    return {digest: found[digest] for digest in largest}


def copies(submissions: Sequence[Submission], measured: Mapping[str, Measurement]) -> dict[str, list[Flag]]:
    """By id, what entries share with shipped models and with earlier entries of other teams."""
    flags: dict[str, list[Flag]] = {}
    in_order = sorted(submissions, key=lambda submission: submission.number)
    for found in (_shipped(in_order), _shared(in_order), _equal(in_order, measured), _near(in_order, measured)):
        for submission, flag in found:
            mine = flags.setdefault(submission.id, [])
            if not mine:  # a copy is told once, by the strongest of its signs
                mine.append(flag)
    return flags


def _shipped(submissions: Iterable[Submission]) -> Iterator[tuple[Submission, Flag]]:
    for submission in submissions:
        for model, tensors in _shipped_models().items():
            if submission.tensors and submission.tensors == tensors:
                yield submission, Flag("shipped_model", f"It is the model {model} that FlowLeague ships, unchanged.")


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
                earlier, later = sorted((one, other), key=lambda submission: submission.number)
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
