"""The place of a card among others is the place that ranking them gives."""

import pytest
from msgspec.structs import replace
from tests.contest.conftest import SCORER

from flowleague.cli.verdict import place_of
from flowleague.contest.evaluate import evaluate
from flowleague.contest.verdict import among_references, as_counted, comparable, entry_of, published_rules, verdict
from flowleague.ranking.rank import rank
from flowleague.scorecard.card import JudgeUsed, Scorecard, read_scorecard
from flowleague.shipped import names, peers, scorecard
from flowleague.text import ordinal

RULES = published_rules("mnist")


@pytest.fixture(scope="module")
def cards() -> dict[str, Scorecard]:
    return {name: read_scorecard(scorecard(name)) for name in names()}


def test_it_agrees_with_the_standings(cards):
    entries = [entry_of(card) for card in cards.values()]
    for name, card in cards.items():
        found = verdict(card, [entry for entry in entries if entry.team != name], RULES)
        row = next(row for row in rank(entries, RULES.categories, RULES.ranking.scheme).rows if row.entry.team == name)
        assert (found.name, found.place, found.score, found.of) == (name, row.place, row.score, len(cards))
        assert {c.name: (c.rank, c.place) for c in found.categories} == {
            category: (points, row.category_places[category]) for category, points in row.category_ranks.items()
        }
        assert found.weakest.rank == max(row.category_ranks.values())
        assert (found.ahead is None) == (found.place == 1)
        assert found.certainty.low <= found.place <= found.certainty.high
        for category in found.categories:
            assert category.low <= category.place <= category.high


def test_a_dry_run_has_no_place_beside_references_which_read_more_images(cards):
    found, why = among_references(replace(cards["base"], plan="quick", data_sha256={"test": "0" * 64}))
    assert found is None
    assert why == "No place: the reference entries were measured on more images."


def test_alone_it_is_first(cards):
    found = verdict(cards["base"], [], RULES)
    assert (found.place, found.of, found.rivals, found.steps, found.ahead) == (1, 1, (), (), None)


def test_beside_the_references_its_place_among_the_peers_alone_is_said_too(cards):
    found, among = among_references(cards["base"])
    assert found is not None
    assert found.of == len(cards) + len(peers())
    others = [as_counted(read_scorecard(path), cards["base"], RULES) for path in peers().values()]
    alone = verdict(cards["base"], others, RULES)
    assert f"; beside the peers alone {ordinal(alone.place)} of {alone.of}, first in " in among


def test_below_a_floor_it_is_last_where_a_model_is_needed(cards):
    low = RULES.fairness.least_recall / 2
    categories = [
        replace(group, metrics=tuple(replace(m, value=low) if m.name == "recall" else m for m in group.metrics))
        for group in cards["tiny"].categories
    ]
    spoiled = replace(cards["tiny"], categories=tuple(categories))
    found = verdict(spoiled, [as_counted(cards[name], cards["base"], RULES) for name in ("base", "max")], RULES)
    last = {category.name for category in found.categories if category.rank == 3}
    assert last >= {"consistency", "quality", "efficiency", "training_performance"}


def test_a_name_that_is_taken_is_told_apart(cards):
    found = verdict(replace(cards["tiny"], name="base"), [entry_of(cards["base"])], RULES)
    assert found.name == "base (this card)"


def test_only_what_compares_is_a_reference(cards):
    assert set(comparable(cards["base"], cards)) == set(cards) - {"base"}
    assert comparable(replace(cards["base"], data_sha256={"test": "0" * 64}), cards) == {}
    assert comparable(replace(cards["base"], judges=(JudgeUsed(name="mine", sha256="0" * 64),)), cards) == {}


def test_in_a_contest_it_is_ranked_among_its_entries(contest, send, cards):
    for team in ("a", "b"):
        send(team, f"# fine\n# {team}")
    evaluate(contest, scorer=SCORER)
    found, among = place_of(cards["base"], contest)
    assert found is not None
    assert (found.of, {team for team, _ in found.rivals}) == (3, {"a", "b"})
    assert among.startswith("Among the entries of ")
