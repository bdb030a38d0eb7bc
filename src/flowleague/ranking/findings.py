"""What a finding costs: one table, for ranking, awards, pages and docs.

    note             it is shown beside the entry's name, and costs nothing
    void metrics     the figures that it names do not count: they are missing
    void category    no figure of its categories counts: they are missing, and share the last rank
    set aside        the entry wins nothing and moves nobody, until a person clears the finding: it is shown with the
                     place that it would take

No finding disqualifies by itself, and none depends on other entries, except copies, where the earlier entry is never
marked. A finding that is cleared is a note. Names without a row are notes: most findings of a run say why a category
has no figures, and so cost it already.
"""

from dataclasses import dataclass
from enum import StrEnum

from flowleague.scorecard.metrics import METRICS


class Consequence(StrEnum):
    """What becomes of an entry with a finding."""

    NOTE = "note"
    VOID_METRICS = "void metrics"
    VOID_CATEGORY = "void category"
    ASIDE = "set aside"


CONSEQUENCES: dict[str, Consequence] = {
    # of measuring
    "training_log": Consequence.VOID_METRICS,
    "depends_on_batch": Consequence.VOID_CATEGORY,
    "ignores_seed": Consequence.VOID_CATEGORY,
    "not_reproducible": Consequence.VOID_CATEGORY,
    "decoder_remembers": Consequence.VOID_CATEGORY,
    "training_copies": Consequence.VOID_CATEGORY,
    "below_floor": Consequence.VOID_CATEGORY,
    "fragile_latents": Consequence.VOID_CATEGORY,
    "unstable": Consequence.VOID_CATEGORY,
    "stored_bank": Consequence.ASIDE,
    "test_copies": Consequence.ASIDE,
    "switches_behaviour": Consequence.ASIDE,
    "judge_tuning": Consequence.ASIDE,
    # of the league
    "self_reported": Consequence.ASIDE,
    "shared_weights": Consequence.ASIDE,
    "changed_copy": Consequence.ASIDE,
    "equal_outputs": Consequence.ASIDE,
    "shipped_model": Consequence.ASIDE,
    "shipped_recipe": Consequence.ASIDE,
}
VOIDED: dict[str, tuple[str, ...]] = {  # the metrics that a finding takes away
    "training_log": tuple(name for name, kind in METRICS.items() if kind.given == "log"),
}


def is_declared(metric: str) -> bool:
    """Whether a metric is the entrant's own word, which no measurement checks.

    >>> is_declared("training_performance.vae_final_mse"), is_declared("reconstruction.mse")
    (True, False)
    """
    return metric in METRICS and METRICS[metric].given == "log"


@dataclass(frozen=True)
class Flag:
    """A finding as it stands beside an entry: its name, what was found, and the categories that it touches.

    `cleared` says by whom and why it does not count; empty: it does.
    """

    name: str
    sentence: str
    categories: tuple[str, ...] = ()
    cleared: str = ""

    @property
    def consequence(self) -> Consequence:
        """What it costs.

        >>> Flag("stored_bank", "It repeats itself.").consequence.value
        'set aside'
        >>> Flag("stored_bank", "It repeats itself.", cleared="A. Judge: seen by eye").consequence.value
        'note'
        """
        return Consequence.NOTE if self.cleared else CONSEQUENCES.get(self.name, Consequence.NOTE)

    @property
    def label(self) -> str:
        """Its name as tables show it, in words.

        >>> Flag("stored_bank", "It repeats itself.", cleared="A. Judge: seen by eye").label
        'stored bank (cleared)'
        """
        return self.name.replace("_", " ") + (" (cleared)" if self.cleared else "")
