import math
from dataclasses import replace

import pytest

from flowleague.ranking.awards import Awards, EfficientArchitecture, OpenInnovation, SustainableAI, give_awards
from flowleague.ranking.field import Compute, Entry, Measured
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule

RULES = (CategoryRule("reconstruction", (MetricRule("mse", "lower"),)),)
FREE = Compute(1.5, "Tesla T4", 8.0, ("mnist",), True)
GREEN = SustainableAI(datasets=("mnist",))
AWARDS = Awards(
    OpenInnovation(),
    GREEN,
    EfficientArchitecture(thresholds={"reconstruction.mse": 0.01, "reconstruction.ssim": 0.9}),
)


def team(name: str, mse: float | None, numbers: float | None = 1000, ssim: float | None = 0.95, **more) -> Entry:
    metrics = {
        "reconstruction.mse": Measured(mse),
        "reconstruction.ssim": Measured(ssim),
        "efficiency.tensors_total": Measured(numbers),
    }
    return Entry(name, name, metrics, **{"compute": FREE, **more})


def given(*entries: Entry):
    awards = give_awards(rank(entries, RULES), AWARDS)
    return {award.name: award for award in awards}, {
        award.name: ([entry.team for entry in award.winners], {m.entry.team: m.reasons for m in award.missed})
        for award in awards
    }


def test_each_award_goes_to_its_own_best():
    _, found = given(
        team("big", 0.001, 9e6, compute=replace(FREE, gpu="NVIDIA A100-SXM4-40GB", hours=30)),
        team("green", 0.003, 5000),
        team("small", 0.008, 400, compute=replace(FREE, datasets=("mnist", "emnist"))),
        team("tiny", 0.02, 50, 0.5),
    )
    assert found["open innovation"] == (["big"], {})
    assert found["sustainable AI"] == (
        ["green"],
        {
            "big": (
                "training time 30 h, the limit is 12 h",
                "trained on the GPU NVIDIA A100-SXM4-40GB, allowed: T4, none",
            ),
            "small": ("trained on emnist, allowed: mnist",),
        },
    )
    assert found["efficient architecture"] == (
        ["small"],
        {
            "tiny": (
                "mean squared error (VAE reconstruction quality): 0.02 intensity², "
                "the limit is at most 0.01 intensity²",
                "structural similarity (VAE reconstruction quality): 0.5, the limit is at least 0.9",
            )
        },
    )


def test_ties_share_an_award_and_baselines_get_none():
    _, found = given(team("a", 0.002), team("b", 0.002), team("base", 0.001, 1, baseline=True))
    assert [winners for winners, _ in found.values()] == [["a", "b"]] * 3


def test_the_mark_that_breaks_a_tie_breaks_it_for_the_award():
    _, found = given(team("a", 0.002, analysis=1.0), team("b", 0.002, analysis=2.0))
    assert found["open innovation"][0] == found["sustainable AI"][0] == ["b"]
    assert found["efficient architecture"][0] == ["b", "a"]  # fewest numbers, and those are equal


def test_nobody_eligible_and_nobody_at_all():
    awards, found = given(team("a", None, None, None, compute=Compute()))
    assert found["sustainable AI"][0] == found["efficient architecture"][0] == []
    assert awards["sustainable AI"].reason == "Nobody is eligible."
    assert found["efficient architecture"][1]["a"][-1].endswith("is not reported")
    assert all(not award.winners for award in give_awards(rank([], RULES), AWARDS))
    assert give_awards(rank([], RULES), Awards()) == []


def test_what_is_declared_is_marked():
    awards, _ = given(team("a", 0.002, compute=replace(FREE, declared=True, gpu="")))
    assert awards["sustainable AI"].reason == (
        "Place 1, the best of 1 eligible. a: 1.5 h on no GPU with 8 GiB (declared)."
    )
    awards, _ = given(team("a", 0.002))
    assert "(read from the card)" in awards["sustainable AI"].reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hours": None}, "the training time is unknown"),
        ({"hours": math.nan}, "the training time is unknown"),
        ({"hours": 12.000001}, "training time 12.000001 h, the limit is 12 h"),
        ({"gpu": None}, "the GPU is unknown"),
        ({"gpu": "T4000"}, "trained on the GPU T4000, allowed: T4, none"),
        ({"memory_gib": 16.0}, "memory 16 GiB, the limit is 15 GiB"),
        ({"memory_gib": -1.0}, "the memory is unknown"),
        ({"datasets": None}, "the training data are unknown"),
        ({"datasets": ()}, "the training data are unknown"),
        ({"from_scratch": None}, "whether it was trained from scratch is unknown"),
        ({"from_scratch": False}, "it did not start from scratch"),
    ],
)
def test_every_limit_is_told(change, reason):
    assert GREEN.misses(replace(FREE, **change)) == [reason]


def test_the_limits_themselves_are_allowed():
    assert GREEN.misses(Compute(12.0, "nvidia t4", 15.0, ("mnist",), True)) == []
    _, found = given(team("a", 0.01, ssim=0.9))
    assert found["efficient architecture"][0] == ["a"]
