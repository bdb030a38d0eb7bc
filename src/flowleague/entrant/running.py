"""An entry's code as it is run: workers in the sandbox, of which one at a time is alive.

Encoding, decoding and generating are asked of separate fresh processes. Who is asked for another function than the one
before is another process tree, and the one before has ended: what an encoder remembers in attributes, files, by
counting, or in the kernel beside a file that both see, cannot reach the decoder. Images and latents go in an order
drawn anew for each call. The first latents are decoded by two fresh decoders; a difference is `decoder_remembers`.

Samples are asked for in portions, each after torch was seeded with the seed of that block of a bundle's noise. So an
entry that draws ``torch.randn(n, D)`` starts from the rows that a bundle starts from: a packed bundle gets its figures.

Decoders and generators of the contest return probabilities or logits. Which of the two is decided once per entry and
function, on a probe: values that leave [0, 1] there are logits, and then the sigmoid is applied to all that follows.
(The contest decided for each batch, so that one stray value changed a whole batch.)
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.entrant.building import Building
from flowleague.entrant.model import Array, Facts, Failure, failure, restored
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.sandbox.worker import Worker, request
from flowleague.entrant.turns import Turns
from flowleague.errors import WallError
from flowleague.limits import Limits
from flowleague.model.randomness import NOISE_BLOCK, noise_seed, whole
from flowleague.program.capturing.interface import PROBED, leaves_range, probe

_MOST_NUMBERS = 4 * 28 * 28  # per image, in any reply
_AGAIN = 200  # latents that a second decoder is shown
_PIXEL_NOISE = 1e-3  # by which two decoders may differ
_PACKAGE = Path(__file__).parents[1]


def launch(role: str, folder: Path, limits: Limits, trust: bool) -> Worker:
    """Start one worker on the source and weights in a folder."""
    requests, requests_end = os.pipe()
    replies_end, replies = os.pipe()
    threads = str(torch.get_num_threads())
    patience = {"seconds": limits.total_seconds / 8}  # for the checks of each of three functions, beside the rest
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
    settings = {"requests": requests, "replies": replies}
    try:
        if trust:
            settings |= {"limits": None, "paths": [p for p in sys.path if p.endswith("-packages")]}
            settings |= {"source": str(folder / "entry.json"), "weights": str(folder / "weights")}
            settings |= {"folder": str(folder / role), "capture": patience | {"paths": [str(_PACKAGE.parent)]}}
            started = wall.start_openly(str(wall.INSIDE / "worker.py"), settings, (requests, replies), environment)
        else:
            settings |= {"limits": limits.words()}
            settings |= {"capture": patience | {"paths": ["/capture"]}}
            settings |= {"paths": ["/site"], "source": "/entry.json", "weights": "/weights", "folder": "/tmp/entry"}
            binds = [(folder / "entry.json", "/entry.json"), (folder / "weights", "/weights")]
            binds += _program() if role == "capture" else []
            started = wall.start("/inside/worker.py", settings, limits, binds, (requests, replies), environment)
    except WallError:
        os.close(requests_end)
        os.close(replies_end)
        raise
    finally:
        os.close(requests)
        os.close(replies)
    return Worker(started.process, started.init, requests_end, replies_end, limits)


def _program() -> list[wall.Bind]:
    """What capture needs of this package, and where the sandbox sees it."""
    names = ["__init__.py", "archive.py", "errors.py", "files.py", "strict_json.py", "text.py", "bundle", "program"]
    names += ["model/__init__.py", "model/randomness.py"]
    needed = [(_PACKAGE / name, f"/capture/flowleague/{name}") for name in names]
    return [*needed, (Path(msgspec.__file__).parent, "/capture/msgspec")]


class Code:
    """The workers of one entry, built and probed by `prepare`."""

    def __init__(self, turns: Turns, building: Building):
        self._turns, self._building = turns, building
        self._order = np.random.default_rng()  # not seeded: nobody shall know the order
        self._latent_shape: tuple[int, ...] = ()
        self._logits = {"decode": False, "generate": False}
        self._twice = False  # whether two decoders were shown the same

    def prepare(self) -> None:
        """Learn the shape of latents and who returns logits; the encoder's first pictures are the probe's."""
        latents = None
        with suppress(Failure):  # the judge's own calls will meet it again
            latents = self._ask("encode", wire.ENCODE, probe().numpy())
            self._latent_shape = latents.shape[1:]
        with suppress(Failure):
            self._turns.of("decode")
            if latents is not None:
                self._logits["decode"] = leaves_range(self._ask("decode", wire.DECODE, latents))
        with suppress(Failure):
            self._logits["generate"] = leaves_range(self._generate(PROBED, noise_seed(0, 0)))

    def encode(self, images: Array) -> Array:
        """Latents (B, D) of images (B, 1, 28, 28)."""
        order = self._order.permutation(len(images))
        latents = self._ask("encode", wire.ENCODE, images[order])
        if latents.ndim < 2 or len(latents) != len(images):
            return latents
        self._latent_shape = latents.shape[1:]
        return restored(latents.reshape(len(latents), -1), order)

    def decode(self, latents: Array) -> Array:
        """Images (B, 1, 28, 28) of latents (B, D)."""
        order = self._order.permutation(len(latents))
        fits = int(np.prod(self._latent_shape)) == latents.shape[1]
        shaped = latents[order].reshape(-1, *self._latent_shape) if fits else latents[order]
        if not self._twice:
            self._decode_twice(shaped[:_AGAIN])
        images = self._ask("decode", wire.DECODE, shaped)
        if images.size != len(latents) * 28 * 28:
            return images
        return restored(self._cleaned("decode", images), order)

    def generate(self, n: int, seed: int) -> Array:
        """n images (n, 1, 28, 28), asked for in portions with a seed each."""
        portions = []
        for number, start in enumerate(range(0, n, NOISE_BLOCK)):
            count = min(NOISE_BLOCK, n - start)
            images = self._generate(whole(count), noise_seed(seed, number))  # a few more than needed, left away below
            if images.size % (28 * 28):
                return images
            portions.append(self._cleaned("generate", images))
            missing = whole(count) - len(portions[-1])
            if missing:  # of what was asked for; whoever counts the images finds as many missing
                return portions[-1][: max(count - missing, 0)] if missing > 0 else portions[-1]
        return np.concatenate(portions)[:n]

    def _generate(self, n: int, seed: int) -> Array:
        most = 4 * n * _MOST_NUMBERS
        return self._turns.of("generate").call(wire.GENERATE, request(n, seed), most=most)

    def _decode_twice(self, latents: Array) -> None:
        """Show the same latents to two decoders, each fresh; raises `Failure` where their images differ."""
        self._twice = True
        self._turns.end()
        first = self._ask("decode", wire.DECODE, latents)
        self._turns.end()
        again = self._ask("decode", wire.DECODE, latents)
        same = first.shape == again.shape and np.allclose(first, again, rtol=0, atol=_PIXEL_NOISE, equal_nan=True)
        if not same:
            what = f"two processes that were shown the same {len(latents)} latents returned different images"
            raise self._turns.give_up("decode", failure("decoder_remembers", "decode", what))

    def _ask(self, role: str, kind: int, array: NDArray[Any]) -> Array:
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        return self._turns.of(role).call(kind, raw, array.shape, most=4 * len(array) * _MOST_NUMBERS)

    def _cleaned(self, role: str, images: Array) -> Array:
        images = images.reshape(-1, 1, 28, 28)
        if not self._logits[role] or not np.isfinite(images).all():  # of infinity the sigmoid would make a pixel
            return images
        return torch.from_numpy(images.copy()).sigmoid().numpy()

    def facts(self, name: str) -> Facts:
        """What the files and the probe tell."""
        return Facts(
            name=name,
            weights=tuple(self._building.files.files.values()),
            notes=tuple(self._building.notes),
            team=self._building.team,
            latent_shape=self._latent_shape,
        )
