"""What is said: honest values one by one, what they support, and no more than that."""

import re
from dataclasses import replace

import pytest

from flowleague.judge.provenance.compare import Compared
from flowleague.judge.provenance.examine import Examination, Panel
from flowleague.judge.provenance.replay import Replay
from flowleague.judge.provenance.statistics import Effect
from flowleague.judge.provenance.words import NO_VERDICT, sentences

REPLAY = Replay(images=400, of_images=10_000, records=1, difference=0.0)


def effect(z: float) -> Effect:
    return Effect(z * 0.01, 0.01, 12_000, 450)


def panel(*z: float, honest: int = 4) -> Panel:
    others = tuple(effect(0.5 * place - 1) for place in range(honest))
    looks = tuple(Compared(effect(each), effect(0.3), others) for each in z)
    seeds = tuple(tuple(range(10 * place, 10 * place + honest)) for place in range(len(looks)))
    return Panel(looks, seeds, "validation images")


def said(flow: Panel, winner_of: int | None = None, replay: Replay = REPLAY) -> str:
    return "\n".join(sentences(Examination(replay, flow, panel(0.0)), winner_of))


def test_effect_error_honest_values_and_seeds_are_given_one_by_one() -> None:
    text = said(panel(0.2))
    assert "0.002 ± 0.010" in text
    assert "z 0.2; 12,000 images, 450 writers" in text
    assert "-1.0 (seed 0), -0.5 (seed 1), 0.0 (seed 2) and 0.5 (seed 3)" in text
    assert "It does not lie below the honest models. That does not show how it was trained." in text
    assert text.endswith(NO_VERDICT)


@pytest.mark.parametrize(
    ("flow", "is_evidence", "words"),
    [
        (panel(-8.0, -7.0), False, "With fewer than 20 honest models there is no threshold; this is no evidence."),
        (panel(-8.0, -7.0, honest=19), False, "there is no threshold"),
        (panel(-8.0, -7.0, honest=20), True, "Both looks agree, each with fresh honest models"),
        (panel(-8.0, -0.5, honest=20), False, "The second look did not find it again"),
        (panel(-0.9, honest=20), False, "does not lie below"),
    ],
)
def test_evidence_takes_twenty_honest_models_and_two_looks(flow: Panel, is_evidence: bool, words: str) -> None:
    text = said(flow)
    assert ("this is evidence" in text) == is_evidence
    assert words in text


@pytest.mark.parametrize("honest", [2, 4, 25])
def test_n_models_support_one_in_n_plus_one(honest: int) -> None:
    text = said(panel(-9.0, -9.0, honest=honest))
    assert f"{honest} of them support a rate of 1 in {honest + 1}, and no lower one." in text
    assert not re.search(r"1 in \d+ honest entries|guilty|cheat", text)


def test_a_winner_gets_the_rate_of_winners() -> None:
    assert "for the winner of 13 entries the same rate is up to 41" in said(panel(-9.0, -9.0, honest=24), 13)
    assert "winner" not in said(panel(-9.0, -9.0))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "4 % of the training (400 of 10,000 images); records compared: 1; came back exactly"),
        ({"difference": 1.2e-3, "circumstances": ("threads 2 instead of 1",)}, "says nothing by itself. Here: threads"),
        ({"difference": float("inf")}, "the log has no such figures"),
        ({"images": 10_000, "weights": True}, "The weights are those of the replayed training, bit for bit."),
        ({"images": 10_000, "weights": False, "difference": 1.0}, "The weights are not those"),
        ({"reason": "the bundle has no log"}, "none, as the bundle has no log. That says nothing by itself."),
    ],
)
def test_how_much_was_replayed_and_what_that_shows(change: dict, words: str) -> None:
    assert words in said(panel(0.0), replay=replace(REPLAY, **change)).replace("\xa0", " ")


def test_a_log_that_comes_back_does_not_vouch_for_the_weights() -> None:
    assert "that the weights come from it is not shown" in said(panel(0.0))
