"""The contest's interface as functions to be captured, called as the contest calls them.

    encode     images (B, 1, 28, 28)              -> latents (B, D) or (B, 1, 7, 7)
    decode     latents in the shape encode gave   -> images or logits, any shape of B x 28 x 28 values
    generate   n_samples alone                    -> images or logits (n, 28, 28) or (n, 1, 28, 28)

Whether a function returns logits is decided on a probe: values that leave [0, 1] there are logits and get a sigmoid.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowleague.program.capturing.errors import CaptureError, failed

PROBED = 16  # images of a probe
OUTSIDE = 1e-4  # how far a value may leave [0, 1] and still be a probability, rounded


def functions_of(submission: Any) -> dict[str, Callable[..., Tensor]]:
    """`encode`, `decode` and `generate` (n -> images in [0, 1]) of a built `SubmissionInterface`.

    Raises `CaptureError` where one is missing, fails on the probe, or returns something else than a tensor.
    """
    names = ("encode", "decode", "generate_samples")
    if missing := [name for name in names if not callable(getattr(submission, name, None))]:
        raise CaptureError(f"SubmissionInterface has no {missing[0]}: write it.")
    encode, decode, generate = (getattr(submission, name) for name in names)
    with torch.no_grad():
        latents = _tried("encode", lambda: encode(probe()))
        decoded = torch.as_tensor(_tried("decode", lambda: decode(latents)))
        drawn = torch.as_tensor(_tried("generate_samples", lambda: _sample(generate, PROBED)))
    return {
        "encode": encode,
        "decode": _probabilities(decode, decoded),
        "generate": _probabilities(lambda n: _sample(generate, n), drawn),
    }


def probe() -> Tensor:
    """Images (16, 1, 28, 28) that are digits as little as they are a secret: black, and bars of growing width."""
    images = torch.zeros(PROBED, 1, 28, 28)
    for k in range(PROBED):
        images[k, 0, 6:22, 14 - k // 2 : 14 + (k + 1) // 2] = 1.0
    return images


def leaves_range(images: Any) -> bool:
    """Whether values, a tensor or array, are logits rather than probabilities."""
    return bool((images < -OUTSIDE).any() or (images > 1 + OUTSIDE).any())


def _tried(name: str, call: Callable[[], Any]) -> Any:
    """What a call returns, if it is a tensor or an array."""
    try:
        made = call()
    except CaptureError:
        raise
    except Exception as error:
        raise CaptureError(f"{name} cannot be captured: {failed(error)}") from error
    if not isinstance(made, Tensor | np.ndarray):
        kind = type(made).__name__
        way = (
            "return the mean or the sample alone" if name == "encode" else "return one tensor, as torch.stack makes it"
        )
        raise CaptureError(f"{name} cannot be captured: it returns {kind} where a tensor is expected: {way}.")
    return made


def _sample(generate: Callable[..., Any], n: int) -> Any:
    try:
        return generate(n_samples=n)
    except TypeError as error:
        if "n_samples" not in str(error):  # another error than that of the call
            raise
        return generate(n)


def _probabilities(function: Callable[..., Any], made: Tensor) -> Callable[..., Tensor]:
    return (lambda given: torch.as_tensor(function(given)).sigmoid()) if leaves_range(made) else function
