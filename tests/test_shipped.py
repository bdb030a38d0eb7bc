"""The shipped models: whole, by name wherever a bundle is, and what their scorecards say."""

from pathlib import Path

import numpy as np
import pytest

from flowleague import shipped
from flowleague.bundle.read import read_bundle
from flowleague.bundle.recipe import RECIPES
from flowleague.cli.options import shipped_or
from flowleague.contest.verdict import among_references, comparable
from flowleague.data import load_test
from flowleague.edition2025.compare import beside_2025
from flowleague.entrant.bundle import open_bundle
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow
from flowleague.scorecard.card import Scorecard, read_scorecard

NAMES = shipped.names()


def card_of(name: str) -> Scorecard:
    return read_scorecard(shipped.scorecard(name))


def test_every_recipe_is_shipped_but_for_the_quick_one() -> None:
    assert set(NAMES) == set(RECIPES) - {"quick"}


@pytest.mark.parametrize("name", NAMES)
def test_bundle_and_scorecard_belong_together(name: str) -> None:
    bundle, card = read_bundle(shipped.bundle(name)), card_of(name)
    assert bundle.recipe == RECIPES[name]()
    assert {file.name: file.sha256 for file in card.weights} == bundle.sha256
    assert (card.name, card.plan, card.dataset) == (name, "full", "mnist")
    assert card.findings == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_scorecard_tells_what_the_model_does(name: str) -> None:
    model, found = LatentFlow.load(shipped.bundle(name)), card_of(name).metrics()
    assert found["efficiency.tensors_total"].value == cost(model.recipe.vae, model.recipe.flow).with_buffers
    assert found["efficiency.nfe"].value == cost(model.recipe.vae, model.recipe.flow).evaluations
    images = load_test().pixels()[:256]
    # By the programs that the card measured: refining may lead an image to either side of a border, by rounding
    with open_bundle(shipped.bundle(name)) as programs:
        error = np.square(programs.decode(programs.encode(images)) - images, dtype=np.float64).mean()
    assert found["reconstruction.mse"].detail["first_256"] == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_first_of_the_class_in_reconstruction_and_but_for_the_largest_in_size(name: str) -> None:
    size, *reconstruction = (standing.place for standing in beside_2025(card_of(name)))
    assert reconstruction == [1, 1]
    assert (size == 1) is (name != "max")


def test_the_peers_compare_with_the_shipped_models() -> None:
    peers = {name: read_scorecard(path) for name, path in shipped.peers().items()}
    assert {"pca-16", "winner"} <= set(peers)
    assert set(comparable(card_of("base"), peers)) == set(peers)
    assert all((card.name, card.plan) == (name, "full") for name, card in peers.items())


def test_the_smallest_is_first_in_each_category_beside_the_peers() -> None:
    _, among = among_references(card_of("tiny"))
    assert "; beside the peers alone 1st of 6, first in 6 of 6 categories" in among
    assert NAMES[0] == "tiny"


def test_a_name_is_a_bundle_where_nothing_lies_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped_or(Path("base")) == shipped.bundle("base")
    assert shipped_or(Path("unknown")) == Path("unknown")
    (tmp_path / "base").mkdir()
    assert shipped_or(Path("base")) == Path("base")
