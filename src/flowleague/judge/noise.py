"""What small noise on latents does to the images that are decoded from them.

R(e) is the mean squared change of pixels when every latent moves by e standard deviations of its dimension. Of a smooth
decoder R grows as e²; of one that rounds latents to codes as e. Two kinds do neither:

    fragile_latents     R(0.01) is of the size of R(1): the image is kept in digits of the latent that no flow can learn
    switches_behaviour  the decoder tells encoded latents from drawn ones, and treats them otherwise: close to a code it
                        jumps to other digits, R(0.005) > R(0.4) / 10; or, with a mark that has no edges, codes answer
                        to noise more than draws do, or ways from codes to draws have a jump that other ways lack; or
                        most draws stand still where codes answer, since they are given stored images

Codes of many steps that are written as integers jump as well, but noise leaves no digits of them: they are fragile, and
no device. "Draws" are of the Gaussian that is fitted to the latents.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.entrant.model import Array
from flowleague.judge.evidence import Seen, look
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.scorecard.metrics.consistency import gaussian_latents
from flowleague.text import number

NOISE = 0.01  # standard deviations: what a reconstruction has to bear
_SHARE, _LEAST = 0.1, 1e-4  # of the squared error, and intensity²: honest models stay below
_FRAGILE = 0.5  # R(0.01) / R(1): smooth models 0.0002, codes of 4 steps 0.015, of 128 steps 0.13
_SIZES = (0.005, 0.05, 0.4, 1.0)  # standard deviations
_QUIET = 0.05  # of these: where medians are compared
_SWITCH = 0.1  # R(0.005) / R(0.4): smooth models 0.0002, codes that are rounded 0.016, a device over 1
_GATE = 2.0  # R at codes over R at draws: honest models 0 to 1.2
_STILL, _ANSWERED = 4.0, 1e-5  # median change at codes over that at draws, by 0.05: honest models 0.7 to 1.1
_JUMP = 0.05  # share of a way's squared change that lies in one 32nd of it
_SEEN = 1e-3  # intensity²: a smaller change hides nothing
_ROWS, _HALVINGS = 500, 5
_HINT = "Let every latent be a quantity whose size matters, not a code."
_DIGITS = 0.5  # share of noisy images that the judges still take for digits

Decode = Callable[[Array], Array]
Response = dict[float, float]  # R(e) by e


def with_noise(latents: Array, size: float, rng: np.random.Generator, spread: NDArray | None = None) -> Array:
    """Latents (N, D) moved by normal noise of `size` times the `spread` (D,), by default their standard deviations."""
    each: NDArray = latents.std(0, dtype=np.float64) if spread is None else spread
    return (latents + size * each * rng.standard_normal(latents.shape)).astype(np.float32)


def lost_in_noise(exact: NDArray, noisy: NDArray) -> Unmeasurable | None:
    """The finding when squared errors (N,) from noisy latents exceed the exact ones by more than honest."""
    before, after = float(exact.mean()), float(noisy.mean())
    if after <= before * (1 + _SHARE) + _LEAST:
        return None
    return Unmeasurable(
        "hidden_bits",
        f"The squared error is {number(before, 3)}, and {number(after, 3)} with noise of {NOISE} standard deviations "
        "on latents: the images are kept in digits that no flow can learn. The figures with noise count.",
        _HINT,
    )


@dataclass(frozen=True)
class Answers:
    """How a decoder answers to noise.

    R(e) of latents and of draws; R(0.01) of latents; the share of the change in the steepest 32nd of ways from latents
    to draws and of ways between draws; whether noise leaves digits; and the median change of latents and of draws by
    0.05, which few jumps do not move.
    """

    codes: Response
    draws: Response
    small: float
    jump: float
    jump_of_draws: float
    digits: bool
    medians: tuple[float, float]

    def fragile(self) -> Unmeasurable | None:
        """The finding when a little noise changes images about as much as a lot of it."""
        if self.small <= _FRAGILE * self.codes[1.0] or self.small < _SEEN:
            return None
        return Unmeasurable(
            "fragile_latents",
            f"Noise of {NOISE} standard deviations on latents changes images by {number(self.small, 3)}, noise of 1 by "
            f"{number(self.codes[1.0], 3)} (mean squares): the images are kept in digits that no flow can learn.",
            _HINT,
        )

    def switches(self) -> Unmeasurable | None:
        """The finding when encoded latents are treated otherwise than those nearby."""
        what = self._switch() if self.digits else ""
        if not what:
            return None
        return Unmeasurable(
            "switches_behaviour",
            f"decode treats encoded latents otherwise than latents nearby: {what}.",
            "Decode every latent by the same rule, wherever it comes from.",
        )

    def _switch(self) -> str:
        """How the decoder switches; empty if it does not."""
        for where, answer in (("encoded", self.codes), ("drawn", self.draws)):
            if answer[0.005] > max(_SWITCH * answer[0.4], _SEEN):
                sizes = (
                    f"{number(answer[0.005], 3)} by noise of 0.005 standard deviations, {number(answer[0.4], 3)} by 0.4"
                )
                return f"images of {where} latents change by {sizes}"
        for size in _SIZES:
            if self.codes[size] > max(_GATE * self.draws[size], _SEEN):
                pair = f"{number(self.codes[size], 3)}, images of drawn ones by {number(self.draws[size], 3)}"
                return f"noise of {size:g} standard deviations changes their images by {pair}"
        moved, still = self.medians
        if moved > max(_STILL * still, _ANSWERED):
            return (
                f"noise of 0.05 standard deviations changes half of their images by {number(moved, 3)} and more, and "
                f"half of those of drawn ones by {number(still, 3)} at most"
            )
        if self.jump > max(_GATE * self.jump_of_draws, _JUMP):
            return (
                f"{number(self.jump, 2)} of the change on the way from an encoded to a drawn latent lies in a 32nd of "
                f"it, and {number(self.jump_of_draws, 2)} on the way between drawn ones"
            )
        return ""


def answers(decode: Decode, latents: Array, seen: Sequence[Seen], rng: np.random.Generator) -> Answers:
    """How a decoder answers to noise on some of the latents (N, D) of test images, and on as many draws."""
    spread = latents.std(0, dtype=np.float64)
    codes = latents[rng.permutation(len(latents))[:_ROWS]]
    draws, others = (gaussian_latents(latents, len(codes), rng) for _ in range(2))
    made = [decode(z) for z in (codes, draws, others)]

    def change(z: Array, y: Array, size: float) -> tuple[NDArray, Array]:
        moved = decode(with_noise(z, size, rng, spread))
        return ((moved - y) ** 2).mean((1, 2, 3)), moved

    at_codes = {size: change(codes, made[0], size) for size in (NOISE, *_SIZES)}
    at_draws = {size: change(draws, made[1], size)[0] for size in _SIZES}
    strange = look(at_codes[0.4][1], seen)[0].unfamiliar.mean()
    return Answers(
        codes={size: float(at_codes[size][0].mean()) for size in _SIZES},
        draws={size: float(at_draws[size].mean()) for size in _SIZES},
        small=float(at_codes[NOISE][0].mean()),
        jump=steepest(decode, (codes, draws), (made[0], made[1])),
        jump_of_draws=steepest(decode, (others, draws), (made[2], made[1])),
        digits=strange <= 1 - _DIGITS,
        medians=(float(np.median(at_codes[_QUIET][0])), float(np.median(at_draws[_QUIET]))),
    )


def steepest(decode: Decode, ends: tuple[Array, Array], made: tuple[Array, Array]) -> float:
    """The share of the squared change of images on straight ways that lies in the steepest 32nd, found by bisection.

    `ends` are the latents (N, D) at both ends of each way, `made` their images. About 1/32² of a straight answer.
    """
    (start, end), (y_low, y_high) = ends, made
    whole = float(((y_high - y_low) ** 2).mean())
    low, high = np.zeros(len(start)), np.ones(len(start))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        y = decode((start + middle[:, None] * (end - start)).astype(np.float32))
        first = ((y - y_low) ** 2).mean((1, 2, 3)) > ((y_high - y) ** 2).mean((1, 2, 3))
        low, high = np.where(first, low, middle), np.where(first, middle, high)
        pick = first[:, None, None, None]
        y_low, y_high = np.where(pick, y_low, y), np.where(pick, y, y_high)
    return float(((y_high - y_low) ** 2).mean()) / whole if whole else 0.0
