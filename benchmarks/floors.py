"""The noise of what real images give: where "as good as real digits" ends (`noise` of the rows of metrics).

    python benchmarks/floors.py

Five disjoint sets of 10,000 training images stand in for the five repeats of a perfect sampler. For every metric that
judges read in samples: the reference of a scorecard, the mean over the sets, the standard error of that mean (sd / √5,
as of an entry's repeats), and the same relative to the mean. The five sets hold no image twice; a perfect sampler's
would hold images of one distribution as well, so their spread is its noise.
"""

import numpy as np

from flowleague.judge.evidence import FULL, load_real, look, see
from flowleague.judge.judges import load_judges
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


if __name__ == "__main__":
    main()
