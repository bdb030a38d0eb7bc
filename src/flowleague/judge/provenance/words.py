"""What may be said of an examination: effects with errors, honest values one by one, and what they support.

n honest models without a value as low support 1 in n + 1 and no more. Before there are twenty of them no value passes a
limit; the word "evidence" takes twenty honest models in each of two looks. Winners are chosen by test error, and their
rate is said beside that of an entry.
"""

from collections.abc import Iterator

from flowleague.judge.provenance.compare import Compared
from flowleague.judge.provenance.examine import Examination, Panel
from flowleague.judge.provenance.replay import Replay
from flowleague.judge.provenance.statistics import at_most_for_winner
from flowleague.text import figure, listed, number, percent

ENOUGH = 20  # honest models, before a value may be called more than low
NO_VERDICT = "This is a description, no verdict and no rank. A person decides after hearing the team."


def sentences(found: Examination, winner_of: int | None = None) -> Iterator[str]:
    """All that is to be said, a paragraph each; `winner_of` is the number of ranked entries, for a winner."""
    yield from _of_replay(found.replay)
    yield from _of_panel("Flow-matching loss with common noise", "shadow flows on its encoder", found.flow, winner_of)
    yield from _of_panel(
        "Logarithm of the reconstruction error", "shadow VAEs of its recipe", found.reconstruction, winner_of
    )
    yield NO_VERDICT


def _of_replay(replay: Replay) -> Iterator[str]:
    if replay.reason:
        yield f"Replay of the log: none, as {replay.reason}. That says nothing by itself."
        return
    share = replay.images / replay.of_images
    how_much = "all of it" if replay.weights is not None else f"{percent(share)} of the training"
    again = f"Replay of the log: {how_much} ({number(replay.images)} of {number(replay.of_images)} images)"
    if replay.difference == 0:
        outcome = "came back exactly"
    elif replay.difference is None or replay.difference == float("inf"):
        outcome = "the log has no such figures"
    else:
        outcome = f"the largest relative difference is {number(replay.difference, 2)}"
    yield f"{again}; records compared: {replay.records}; {outcome}."
    if replay.weights is not None:
        yield f"The weights {'are those' if replay.weights else 'are not those'} of the replayed training, bit for bit."
    if replay.difference:
        other = f" Here: {listed(replay.circumstances)}." if replay.circumstances else ""
        yield f"Another processor, thread count or version gives a difference too: it says nothing by itself.{other}"
    elif replay.weights is None:
        yield "The log is one of honest training, so far; that the weights come from it is not shown."


def _of_panel(title: str, honest: str, panel: Panel, winner_of: int | None) -> Iterator[str]:
    for place, (look, seeds) in enumerate(zip(panel.looks, panel.seeds, strict=True)):
        again = ", again with fresh shadows and fresh control images" if place else ""
        yield f"{title}, test images against {panel.control}{again}: {_effect(look, honest, seeds)}"
    first = panel.looks[0]
    if not first.is_lowest:
        yield "It does not lie below the honest models. That does not show how it was trained."
        return
    fewest = min(len(look.honest) for look in panel.looks)
    yield _support(fewest, winner_of)
    if not panel.is_confirmed:
        yield "The second look did not find it again: nothing is to be said of it."
    elif fewest < ENOUGH:
        yield f"Both looks agree. With fewer than {ENOUGH} honest models there is no threshold; this is no evidence."
    else:
        yield "Both looks agree, each with fresh honest models: this is evidence that test images were trained on."


def _effect(look: Compared, honest: str, seeds: tuple[int, ...]) -> str:
    effect = look.effect
    by = f"{number(effect.clusters)} writers" if effect.clusters < effect.images else "of unknown writers, each its own"
    p = f" Permutation p-value by writer: {number(look.p, 2)}." if look.p is not None else ""
    return (
        f"{figure(effect.value, effect.error)} relative to {honest} (z {effect.z:.1f}; {number(effect.images)} images, "
        f"{by}); training images z {look.training.z:.1f}. Honest models, z: "
        f"{listed(f'{each.z:.1f} (seed {seed})' for each, seed in zip(look.honest, seeds, strict=True))}.{p}"
    )


def _support(honest: int, winner_of: int | None) -> str:
    said = f"It lies below all honest models. {honest} of them support a rate of 1 in {honest + 1}, and no lower one."
    if winner_of:
        rate = at_most_for_winner(1 / (honest + 1), winner_of)
        said += (
            f" Winners are chosen by test error, and so by their luck with these images: for the winner of {winner_of} "
            f"entries the same rate is up to {percent(rate)}."
        )
    return said
