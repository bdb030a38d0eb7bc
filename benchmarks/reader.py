"""How far the judge in pages, with its weights of 8 bits, is from the judge that measures.

    python -m benchmarks.reader

Reads all test images by both, which choose nothing here.
"""

import numpy as np
import torch

from flowleague.data import load_test
from flowleague.judge.judges import load_judges
from flowleague.judge.reader import reading


def main() -> None:
    """Print accuracies, agreement and differences of confidence."""
    judge, test = load_judges("mnist")[0], load_test("mnist")
    images = test.pixels()
    with torch.inference_mode():
        small = torch.cat([reading(judge)(part) for part in torch.from_numpy(images).split(500)]).numpy()
    full = judge.read(images).log_probabilities
    for name, log_p in (("8 bits", small), ("in full", full)):
        print(f"{name}: accuracy {(log_p.argmax(1) == test.labels).mean():.4f}")
    apart = np.abs(np.exp(small).max(1) - np.exp(full).max(1))
    same = (small.argmax(1) == full.argmax(1)).mean()
    print(f"same label {same:.4f}; confidence apart {apart.mean():.5f} on average, {apart.max():.3f} at most")


if __name__ == "__main__":
    main()
