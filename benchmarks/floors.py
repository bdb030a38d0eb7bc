"""The noise of what real images give: where "as good as real digits" ends (`noise` of the rows of metrics).

    python benchmarks/floors.py
    python benchmarks/floors.py weak

Five disjoint sets of 10,000 training images stand in for the five repeats of a perfect sampler. For every metric that
judges read in samples: the reference of a scorecard, the mean over the sets, the standard error of that mean (sd / √5,
as of an entry's repeats), and the same relative to the mean. The five sets hold no image twice; a perfect sampler's
would hold images of one distribution as well, so their spread is its noise.

weak: the two figures that have floors in the rules, of weak and honest models by the quick plan: principal components
of the training images, whose samples are draws of a Gaussian fitted to their latents, of one for each class, or of 100.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from flowleague.entrant.model import Facts, Model
from flowleague.judge.evidence import FULL, QUICK, load_real, look, see
from flowleague.judge.judges import load_judges
from flowleague.judge.measure import measure_model
from flowleague.scorecard.metrics import METRICS, evaluate
from flowleague.scorecard.metrics._base import standard_error

SETS = 5


def main() -> None:
    digits = load_real("mnist", FULL)
    seen = see(load_judges("mnist"), digits)
    order = np.random.default_rng(6).permutation(len(digits.train))
    found: dict[str, list[float]] = {}
    for part in order[: SETS * FULL.samples].reshape(SETS, -1):
        images = type(digits.train)(digits.train.images[part], digits.train.labels[part]).pixels()
        each = [
            evaluate(s.evidence(view), "samples", "manifold") for view, s in zip(look(images, seen), seen, strict=True)
        ]
        for name in each[0]:
            found.setdefault(name, []).append(float(np.mean([values[name] for values in each])))
    for name, values in found.items():
        mean, error = float(np.mean(values)), standard_error(np.array(values))
        reference = float(np.mean([s.references[name] for s in seen if name in s.references]))
        direction = METRICS[name].direction
        print(f"{name:34} {direction:6} reference {reference:.6g}  mean {mean:.6g} ± {error:.2g}  {error / mean:.2%}")


def weak() -> None:
    digits, judges = load_real("mnist", QUICK), load_judges("mnist")
    images = digits.train.pixels().reshape(-1, 784)
    mean = images.mean(0)
    _, vectors = np.linalg.eigh(np.cov((images - mean).T))
    for size in (3, 8, 16, 49):
        axes = vectors[:, ::-1][:, :size].astype(np.float32)
        latents = (images - mean) @ axes
        for kinds in (1, 10, 100):
            card = measure_model(components(mean, axes, latents, digits.train.labels, kinds), digits, judges, "mnist")
            metrics = card.metrics()
            kept, recall = metrics["reconstruction.digit_kept"].value, metrics["diversity.recall"].value
            found = ", ".join(sorted({finding.name for finding in card.findings})) or "no finding"
            print(f"PCA {size:2}, {kinds:3} Gaussians: digit kept {kept:.3f}, recall {recall:.3f}; {found}", flush=True)


def components(mean: NDArray, axes: NDArray, latents: NDArray, labels: NDArray, kinds: int) -> Model:
    """Principal components as a model; groups of images are the classes, and within each slices of the first latent."""
    order = np.lexsort((latents[:, 0], labels if kinds > 1 else np.zeros(len(labels))))
    parts = [latents[part] for part in np.array_split(order, kinds)]
    fitted = [(part.mean(0), np.linalg.cholesky(np.cov(part.T) + 1e-6 * np.eye(axes.shape[1]))) for part in parts]

    def decode(z: NDArray) -> NDArray:
        return np.clip(mean + z @ axes.T, 0, 1).astype(np.float32).reshape(-1, 1, 28, 28)

    def generate(n: int, seed: int) -> NDArray:
        rng = np.random.default_rng(seed)
        chosen, noise = rng.integers(kinds, size=n), rng.standard_normal((n, axes.shape[1]))
        z = np.stack([fitted[k][0] + fitted[k][1] @ e for k, e in zip(chosen, noise, strict=True)])
        return decode(z.astype(np.float32))

    def encode(x: NDArray) -> NDArray:
        return ((x.reshape(len(x), -1) - mean) @ axes).astype(np.float32)

    return Model(encode, decode, generate, Facts())


if __name__ == "__main__":
    weak() if sys.argv[1:] == ["weak"] else main()
