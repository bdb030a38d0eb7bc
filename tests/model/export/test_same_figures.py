"""`flowleague score` gives a packed file the figures of its bundle, but for what only a bundle can prove."""

from pathlib import Path

import pytest
from tests.cli.test_commands import succeed
from tests.training.tiny import tiny_recipe

from flowleague.data import load_training
from flowleague.judge import evidence
from flowleague.judge.evidence import Plan
from flowleague.scorecard.card import Scorecard, read_scorecard
from flowleague.training.train import train

SMALL = Plan("quick", samples=200, decoded=50, manifold=200, neighbours=50, timed=20, turns=2)
ONLY_OF_A_BUNDLE = "efficiency.parameters_official"


@pytest.fixture(scope="module")
def cards(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scorecard, Scorecard]:
    """Scorecards of a bundle, trained on a few digits of MNIST, and of its packed file."""
    out = tmp_path_factory.mktemp("same figures")
    bundle = out / "bundle"
    list(train(tiny_recipe(), bundle, load_training(str(idx_folder))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "QUICK", SMALL)
        patch.setattr(evidence, "cache_folder", lambda *_: out / "cache")
        succeed("pack", bundle, "--team", "x", "--out", out / "packed")
        entries = {"bundle": [bundle], "packed": [out / "packed" / "submission_x.py", "--weights", out / "packed"]}
        for name, entry in entries.items():
            succeed("score", *entry, "--dry-run", "--out", out / f"{name}.json")
    return read_scorecard(out / "bundle.json"), read_scorecard(out / "packed.json")


@pytest.mark.long
def test_all_figures_are_the_same(cards: tuple[Scorecard, Scorecard]) -> None:
    bundle, packed = (card.metrics() for card in cards)
    same = [name for name in bundle if name != ONLY_OF_A_BUNDLE]
    timed = {metric.name for metric in cards[0].timing.metrics} | {"flops"}
    for name in (name for name in same if name.partition(".")[2] not in timed):
        assert packed[name].value == pytest.approx(bundle[name].value, rel=0, abs=1e-5), name
        assert packed[name].repeats == pytest.approx(bundle[name].repeats, rel=0, abs=1e-5), name
    flops = "efficiency.flops"  # of a program, activations and all
    assert packed[flops].value == pytest.approx(bundle[flops].value, rel=0.1)
    assert len(same) > 30
    assert all((packed[name].value is None) == (bundle[name].value is None) for name in same)
    assert packed["training_performance.vae_final_mse"].value is not None
    assert bundle["quality.confidence"].value is not None


def test_what_only_a_bundle_can_prove_is_not_reported(cards: tuple[Scorecard, Scorecard]) -> None:
    bundle, packed = (card.metrics()[ONLY_OF_A_BUNDLE] for card in cards)
    assert bundle.value is not None
    assert (packed.value, packed.reason) == (None, "not reported")


def test_neither_has_findings_that_the_other_has_not(cards: tuple[Scorecard, Scorecard]) -> None:
    assert cards[0].findings == cards[1].findings
