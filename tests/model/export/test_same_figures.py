"""`flowleague score` gives a bundle, its packed file and its captured entry one scorecard."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_commands import succeed
from tests.training.tiny import tiny_recipe

from flowleague.data import load_training
from flowleague.judge import evidence
from flowleague.judge.evidence import Plan
from flowleague.scorecard.card import Scorecard, read_scorecard, to_json
from flowleague.training.train import train

pytestmark = pytest.mark.long
SMALL = Plan("quick", samples=200, decoded=50, manifold=200, neighbours=50, timed=20, turns=2)
ONLY_OF_A_BUNDLE = "efficiency.parameters_official"
OF_FILES = ("weight_bytes", "parameters_official")


@pytest.fixture(scope="module")
def three(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scorecard]:
    """Scorecards of a bundle, trained on a few digits of MNIST, of its packed file and of its captured entry."""
    out = tmp_path_factory.mktemp("same figures")
    bundle = out / "bundle"
    list(train(tiny_recipe(), bundle, load_training(str(idx_folder))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "QUICK", SMALL)
        patch.setattr("flowleague.judge.cache.cache_folder", lambda *_: out / "cache")
        succeed("pack", bundle, "--team", "x", "--out", out / "packed")
        succeed("capture", bundle, "--out", out / "captured.zip")
        entries = {
            "bundle": [bundle],
            "packed": [out / "packed" / "submission_x.py", "--weights", out / "packed"],
            "captured": [out / "captured.zip"],
        }
        for name, entry in entries.items():
            succeed("score", *entry, "--dry-run", "--out", out / f"{name}.json")
    return {name: read_scorecard(out / f"{name}.json") for name in entries}


@pytest.fixture(scope="module")
def cards(three: dict[str, Scorecard]) -> tuple[Scorecard, Scorecard]:
    return three["bundle"], three["packed"]


def without_names(card: Scorecard) -> dict[str, Any]:
    """A scorecard without the names, hashes and sizes of files, times, and what only a bundle can prove."""
    content = json.loads(to_json(card))
    for key in ("name", "weights", "timing"):
        del content[key]
    for category in content["categories"]:
        category["metrics"] = [metric for metric in category["metrics"] if metric["name"] not in OF_FILES]
    return content


def test_all_three_have_one_scorecard(three: dict[str, Scorecard]) -> None:
    bundle, packed, captured = (without_names(three[name]) for name in ("bundle", "packed", "captured"))
    assert packed == captured
    assert bundle == packed
    assert three["packed"].metrics()["training_performance.vae_final_mse"].value is not None
    assert three["bundle"].metrics()["quality.confidence"].value is not None


def test_what_only_a_bundle_can_prove_is_not_reported(cards: tuple[Scorecard, Scorecard]) -> None:
    bundle, packed = (card.metrics()[ONLY_OF_A_BUNDLE] for card in cards)
    assert bundle.value is not None
    assert (packed.value, packed.reason) == (None, "not reported")


def test_neither_has_findings_that_the_other_has_not(cards: tuple[Scorecard, Scorecard]) -> None:
    assert cards[0].findings == cards[1].findings
