"""The examination of one bundle: replay, two panels, and a second look where the first found something.

Seeds of shadows are hashes of what they stand beside, so that nobody chooses them, a repeat gives the same, and entries
of one recipe share their shadow VAEs. A second look has fresh shadows and the other half of the control images.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from flowleague.bundle.files import VAE_FILE
from flowleague.bundle.read import Bundle, config_json
from flowleague.data import Split, TrainingData
from flowleague.data.qmnist import Lost
from flowleague.files import cache_folder
from flowleague.judge.provenance.compare import Compared, compare, flow_losses, log_errors, posterior
from flowleague.judge.provenance.images import Images, gather
from flowleague.judge.provenance.replay import Replay, replay
from flowleague.judge.provenance.shadows import Progress, shadow_flow, shadow_vae, silent
from flowleague.model.latent_flow import LatentFlow

LOOKS = 2
FEWEST = 2  # shadows: each is compared with the others


@dataclass(frozen=True)
class Panel:
    """A test in one or two looks, with the seeds of the shadows of each."""

    looks: tuple[Compared, ...]
    seeds: tuple[tuple[int, ...], ...]
    control: str

    @property
    def is_confirmed(self) -> bool:
        """Whether the entry lies below all honest models in both looks."""
        return len(self.looks) == LOOKS and all(look.is_lowest for look in self.looks)


@dataclass(frozen=True)
class Examination:
    """All that was found about a bundle."""

    replay: Replay
    flow: Panel
    reconstruction: Panel


@dataclass(frozen=True)
class Digits:
    """The images of a contest; `writers_known` where they are MNIST's, `lost` the lost digits where they are there."""

    data: TrainingData
    test: Split
    writers_known: bool = False
    lost: Lost | None = None

    def look(self, number: int) -> Images:
        """The images of a look, 0 or 1."""
        return gather(self.data, self.test, number, self.writers_known, self.lost)


def examine(
    bundle: Bundle, digits: Digits, *, shadows: int, full: bool = False, show: Progress = silent
) -> Examination:
    """Examine a bundle with so many shadows a look, which are kept in the user's cache. Raises `TrainingError`."""
    model, work = LatentFlow.from_bundle(bundle, "the entry"), cache_folder("provenance")
    with tempfile.TemporaryDirectory(prefix="flowleague-") as folder:
        replayed = replay(bundle, digits.data, Path(folder) / "replay", full=full, show=show)
    flow = panel(lambda number: flow_look(bundle, model, digits, work, number, shadows, show), digits)
    vae = panel(lambda number: vae_look(model, digits, work, number, shadows, show), digits)
    return Examination(replayed, flow, vae)


def panel(look: Callable[[int], tuple[Compared, tuple[int, ...]]], digits: Digits) -> Panel:
    """One look, and a second one where the entry lay below all honest models."""
    found = [look(0)]
    if found[0][0].is_lowest:
        found.append(look(1))
    looks, seeds = zip(*found, strict=True)
    return Panel(looks, seeds, digits.look(0).control)


def flow_look(
    bundle: Bundle, model: LatentFlow, digits: Digits, work: Path, number: int, shadows: int, show: Progress = silent
) -> tuple[Compared, tuple[int, ...]]:
    """The flow-matching loss beside shadow flows on the same encoder; the seeds of these too."""
    key = f"{bundle.sha256[VAE_FILE]} {_recipe_key(model)}"
    seeds, images = seeds_of(f"flow {key}", number, shadows), digits.look(number)
    others = [shadow_flow(bundle, digits.data, seed, work / f"flow-{_short(key)}-{seed}", show) for seed in seeds]
    latents, recipe = posterior(model, images.pixels), model.recipe.flow
    entry, *rest = (flow_losses(each.velocity, recipe, latents, images.labels) for each in (model, *others))
    return compare(entry, rest, images), seeds


def vae_look(
    model: LatentFlow, digits: Digits, work: Path, number: int, shadows: int, show: Progress = silent
) -> tuple[Compared, tuple[int, ...]]:
    """The reconstruction error beside shadow VAEs of the same recipe; the seeds of these too."""
    key = _recipe_key(model)
    seeds, images = seeds_of(f"vae {key}", number, shadows), digits.look(number)
    others = [shadow_vae(model.recipe, digits.data, seed, work / f"vae-{_short(key)}-{seed}", show) for seed in seeds]
    entry, *rest = (log_errors(each, images.pixels) for each in (model, *others))
    return compare(entry, rest, images), seeds


def seeds_of(key: str, look: int, count: int) -> tuple[int, ...]:
    """The first seeds of a look, from the hash of what the shadows stand beside.

    >>> seeds_of("a", 0, 3)[:2] == seeds_of("a", 0, 2), seeds_of("a", 0, 1) == seeds_of("a", 1, 1)
    (True, False)
    """
    digests = (hashlib.sha256(f"{key}\n{look}\n{number}\n".encode()).digest() for number in range(count))
    return tuple(int.from_bytes(digest[:4]) >> 1 for digest in digests)


def _recipe_key(model: LatentFlow) -> str:
    """The recipe without what does not train: name, remarks, seed and budget."""
    return _short(config_json(replace(model.recipe, name="", about="", seed=0, budget=None)).decode(), 64)


def _short(text: str, digits: int = 16) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
