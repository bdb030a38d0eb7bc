"""A model behind a counter: what its functions return is checked before any metric sees it.

The first thing wrong raises `Unmeasurable` with a finding; the category that asked is then not measured, and the
others still are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowleague.entrant.model import Array, Model, restored
from flowleague.errors import EntryError, printable
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.text import number

BATCH = 1000
_ROUNDING = 1e-4  # how far a pixel may leave [0, 1] before it counts as outside; within this it is clipped
_IMAGE = (1, 28, 28)
_ORDER = 31  # marks the draws of an order off from those of latents and images with the same seed
LATENT_LIMITS = (3, 49)  # numbers per image, of the first contest


class CheckedModel:
    """The three functions of a model, with inputs copied and outputs proven; raises `Unmeasurable`.

    `latent_limits` are the fewest and the most numbers per image that a latent may have. Images and latents go in an
    order of the whole set that is drawn for each call, so that rows cannot leave each other what a latent does not
    hold; `seed` decides which order, so that two measurements are the same.
    """

    def __init__(self, model: Model, latent_limits: tuple[int, int] = LATENT_LIMITS, seed: int = 0):
        self._model, self._limits = model, latent_limits
        self._order = np.random.default_rng([seed, _ORDER])
        self.latent_size: int | None = None

    def like(self, other: Model) -> "CheckedModel":
        """Another model behind the same counter."""
        return CheckedModel(other, self._limits, _ORDER)

    def encode(self, images: Array) -> Array:
        """Latents (N, D) of images (N, 1, 28, 28), in batches."""
        return self._in_batches(images, self._encode_batch)

    def _in_batches(self, rows: Array, call: Callable[[Array], Array]) -> Array:
        """What a call makes of all rows: of batches of them in a drawn order, put back in their own."""
        order = self._order.permutation(len(rows))
        batches = [order[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        return restored(np.concatenate([call(rows[batch]) for batch in batches]), order)

    def _encode_batch(self, images: Array) -> Array:
        latents = checked(_call("encode", self._model.encode, images), "encode")
        if latents.ndim != 2 or len(latents) != len(images):
            raise wrong_shape("encode", latents.shape, f"({len(images)}, D)")
        size = latents.shape[1]
        if self.latent_size not in (None, size):
            raise wrong_shape("encode", latents.shape, f"({len(images)}, {self.latent_size}) as before")
        self.latent_size = size
        fewest, most = self._limits
        if not fewest <= size <= most:
            raise Unmeasurable(
                "latent_size",
                f"encode returned {size:,} numbers per image where {fewest} to {most} are allowed.",
                "Choose another size of the latent, and train again.",
            )
        return latents

    def decode(self, latents: Array) -> Array:
        """Images (N, 1, 28, 28) of latents (N, D), in batches."""
        return self._in_batches(latents, self._decode_batch)

    def _decode_batch(self, latents: Array) -> Array:
        return _checked_images(_call("decode", self._model.decode, latents), len(latents), "decode")

    def generate(self, n: int, seed: int) -> Array:
        """n generated images (n, 1, 28, 28)."""
        return _checked_images(_call("generate", self._model.generate, n, seed), n, "generate")


def _call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except EntryError as error:  # it names what went wrong itself
        raise Unmeasurable(error.name, error.sentence, error.hint) from error
    except (Exception, SystemExit) as error:  # a stranger's function may raise anything
        said = f": {printable(error)}" if str(error).strip() else ""
        raise Unmeasurable(
            "raises",
            f"{name} raised {type(error).__name__}{said}",
            f"Call {name} on its own with the documented arrays and mend what it raises.",
        ) from error


def checked(array: Any, name: str) -> NDArray[np.float32]:
    """A finite float32 copy of an array of a real floating type."""
    if not isinstance(array, np.ndarray):
        raise Unmeasurable(
            "not_an_array",
            f"{name} returned {type(array).__name__} instead of a numpy array.",
            f"Return a numpy float32 array from {name}.",
        )
    if array.dtype.kind != "f":
        raise Unmeasurable(
            "wrong_type",
            f"{name} returned numbers of type {array.dtype} where float32 is due.",
            f"Return float32 from {name}; images as intensities in [0, 1], not as bytes.",
        )
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and is found below
        copy = np.array(array, np.float32, order="C", subok=False)
    bad = copy.size - int(np.isfinite(copy).sum())
    if bad:
        raise Unmeasurable(
            "not_finite",
            f"{name} returned NaN or infinity in {bad:,} of {copy.size:,} numbers.",
            f"Look for a division by zero or an overflow in {name}.",
        )
    return copy


def _checked_images(array: Any, n: int, name: str) -> Array:
    """n finite images (n, 1, 28, 28) in [0, 1]."""
    images = checked(array, name)
    if images.shape[1:] == _IMAGE and len(images) < n:
        raise Unmeasurable(
            "too_few",
            f"{name} returned {len(images):,} images where {n:,} were asked for.",
            f"Return as many images from {name} as it is asked for.",
        )
    if images.shape != (n, *_IMAGE):
        raise wrong_shape(name, images.shape, f"({n}, 1, 28, 28)")
    low, high = float(images.min()), float(images.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise Unmeasurable(
            "out_of_range",
            f"{name} returned pixels from {number(low, 3)} to {number(high, 3)}, outside [0, 1].",
            f"Apply the sigmoid to logits, or clip, before {name} returns.",
        )
    return images.clip(0, 1)


def wrong_shape(name: str, shape: tuple[int, ...], due: str) -> Unmeasurable:
    """The finding for an array of the wrong shape."""
    return Unmeasurable(
        "wrong_shape",
        f"{name} returned an array of shape {shape} where {due} is due.",
        f"Reshape what {name} returns; latents are flat, images have one channel.",
    )
