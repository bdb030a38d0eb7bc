"""A data set that any network learns in seconds: where is the bar?"""

import numpy as np

from flowleague.data import Split

BARS = 4  # classes: a bright bar in one of four places


def bars(n: int, seed: int) -> Split:
    """Images of a bright vertical bar whose place is the label, on noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(BARS, size=n).astype(np.uint8)
    images = rng.integers(0, 60, size=(n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 4 + 6 * label : 7 + 6 * label] = 250
    return Split(images, labels)
