"""Samples that are copies of test images or of training images: the findings, and their limits.

    test_copies        samples lie nearer to test images than to as many training images
    training_copies    the other way round, or in pixels nearer to training images than real ones ever lie

What is compared has an honest value by symmetry: whoever saw neither is as near to the one as to the other, however
blurred, sharp or few its forms are. Limits: honest models (shipped ones, PCA with 0 to 49 components) have
0.0001 lookalikes at most (5,000 samples each), nearness 0.96 to 1.02 and training copies of up to 0.0065.
"""

from collections.abc import Mapping

from flowleague.scorecard.metrics._base import Figure, Unmeasurable
from flowleague.text import number, percent

_LOOKALIKES, _FEWEST = 0.002, 10  # share and count of samples: honest models have 0.0001 at most (n = 6)
_NEARNESS = 0.9
_COPIES = 0.1  # ten times that of real test images


def copies(figures: Mapping[str, Figure]) -> list[Unmeasurable]:
    """What is found in the figures of diversity, by "category.metric"."""
    test, training = _lookalikes(figures, "test"), _lookalikes(figures, "training")
    nearness, copied = (_value(figures, name) for name in ("test_nearness", "training_copies"))
    if nearness is not None and nearness < _NEARNESS:
        test = f"Samples lie {number(nearness, 3)} times as far from test images as from as many training images"
    if copied is not None and copied > _COPIES:
        training = (
            f"{percent(copied)} of samples lie nearer to a training image than all but 1 % of real test images do"
        )
    found = []
    if test:
        hint = "Train on training images alone, and choose by validation images."
        found.append(Unmeasurable("test_copies", f"{test}: they were trained on, or are stored.", hint))
    if training:
        hint = "Train a smaller network, for a shorter time, or on more images."
        found.append(Unmeasurable("training_copies", f"{training}: they are stored, or learned by heart.", hint))
    return found


def _lookalikes(figures: Mapping[str, Figure], which: str) -> str:
    """How many samples look like images of a split; empty for few."""
    share, figure = _value(figures, f"{which}_lookalikes"), figures.get(f"diversity.{which}_lookalikes")
    if share is None or figure is None or share <= _LOOKALIKES or share * figure.n < _FEWEST:
        return ""
    other = "training" if which == "test" else "test"
    return (
        f"{percent(share, 3)} of samples are less than half as far from a {which} image as from any of as many "
        f"{other} images, to the judges"
    )


def _value(figures: Mapping[str, Figure], name: str) -> float | None:
    figure = figures.get(f"diversity.{name}")
    return figure.value if figure else None
