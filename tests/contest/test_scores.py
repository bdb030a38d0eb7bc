"""Scorecards from elsewhere: hostile until they fit."""

import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.numpy import save
from tests.contest.cards import make_card
from tests.contest.conftest import NOW, SCORER, zip_of

from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.events import Score
from flowleague.contest.folder import open_contest
from flowleague.contest.records import writing
from flowleague.contest.scores import ForeignCardError, record_score, take_card
from flowleague.contest.standing import board_of
from flowleague.contest.submit import Parcel, submit
from flowleague.contest.verify import verify
from flowleague.scorecard.card import JudgeUsed, Scorecard, ScorecardError, WeightFile, write_scorecard


@pytest.fixture
def waiting(contest, send, tmp_path):
    """A contest with one measured entry, and the weights of one that is not measured."""
    send("a", "# fine")
    evaluate(contest, scorer=SCORER)
    submit(contest, Parcel("b", zip_of(tmp_path / "b.zip")), now=NOW)
    return next(s for s in open_contest(contest).state.submissions.values() if s.team == "b").weights


SIZES = {"vae.safetensors": 1, "flow.safetensors": 1}  # bytes of what `zip_of` writes


def sized(card: Scorecard, files: list[WeightFile]) -> Scorecard:
    """The card of weight files, with their bytes and numbers in its metrics."""
    counts = {"weight_bytes": sum(f.bytes for f in files), "tensors_total": sum(f.numbers for f in files)}

    def counted(metric):
        return replace(metric, value=float(counts[metric.name])) if metric.name in counts else metric

    groups = (replace(group, metrics=tuple(map(counted, group.metrics))) for group in card.categories)
    return replace(card, weights=tuple(files), categories=tuple(groups))


def write(path, weights, **changes):
    files = [WeightFile(name=n, sha256=h, bytes=SIZES.get(n, 1), numbers=0) for n, h in weights.items()]
    write_scorecard(sized(make_card("elsewhere", **changes), files), path)
    return path


def test_a_card_that_fits_is_taken_once_and_marked(contest, waiting, tmp_path):
    path = write(tmp_path / "card.json", waiting)
    entry, is_new = take_card(contest, path)
    assert (entry.team, is_new) == ("b", True)
    assert take_card(contest, path) == (entry, False)
    scores = [record for record in read_records(contest) if record.kind == "score"]
    assert [record.body["source"] for record in scores] == ["here", "elsewhere"]
    assert [score.source for score in evaluate(contest, scorer=SCORER) if isinstance(score, Score)] == ["here"]
    assert verify(contest).faults == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"evaluator": "flowleague-99"}, "version flowleague-99 instead of"),
        ({"judges": (JudgeUsed(name="one", sha256="e" * 64),)}, "judges one eeeeeeee instead of one cccccccc"),
        ({"data_sha256": {"train": "f" * 64, "test": "b" * 64}}, "digits test bbbbbbbb"),
        ({"dataset": "kmnist"}, "measured on kmnist; this contest is about mnist"),
        ({"plan": "quick"}, "plan 'quick'; the rules say 'full'"),
        ({"latent_size": 2}, "2 latent dimensions; the rules allow 3 to 49"),
    ],
)
def test_a_card_of_another_contest_or_evaluator_is_refused(changes, word, contest, waiting, tmp_path):
    before = (contest / "records.jsonl").read_bytes()
    with pytest.raises(ForeignCardError, match=word):
        take_card(contest, write(tmp_path / "card.json", waiting, **changes))
    assert (contest / "records.jsonl").read_bytes() == before


def test_a_card_of_weights_that_nobody_sent_is_refused(contest, waiting, tmp_path):
    for weights in ({}, waiting | {"more.safetensors": "9" * 64}):
        with pytest.raises(ForeignCardError, match="no entry of this contest has"):
            take_card(contest, write(tmp_path / "card.json", weights))


def test_a_card_whose_sizes_are_not_those_of_the_entry_is_refused(contest, waiting, tmp_path, monkeypatch):
    for size in (0, SIZES["vae.safetensors"] + 1):
        monkeypatch.setitem(SIZES, "vae.safetensors", size)
        with pytest.raises(ForeignCardError, match=r"gives vae\.safetensors"):
            take_card(contest, write(tmp_path / "card.json", waiting))


@pytest.mark.parametrize("missing", [0, 1])
def test_a_card_counts_no_fewer_numbers_than_the_tensors_hold(missing, contest, waiting, tmp_path):
    path = tmp_path / "w" / "vae.safetensors"
    path.parent.mkdir()
    path.write_bytes(save({"w": np.random.default_rng(1).standard_normal(1000).astype(np.float32)}))
    (tmp_path / "c.py").write_text("# fine")
    sent = submit(contest, Parcel("c", tmp_path / "c.py", [path]), now=NOW)
    entry = open_contest(contest).state.entry(sent.id)
    files = [
        WeightFile(name=name, sha256=sha256, bytes=path.stat().st_size, numbers=1000 - missing)
        for name, sha256 in entry.weights.items()
    ]
    write_scorecard(sized(make_card("elsewhere"), files), tmp_path / "card.json")
    if missing:
        with pytest.raises(ForeignCardError, match="counts 999 numbers"):
            take_card(contest, tmp_path / "card.json")
    else:
        assert take_card(contest, tmp_path / "card.json")[1]


def test_what_is_no_card_is_refused(contest, waiting, tmp_path):
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(ScorecardError):
        take_card(contest, tmp_path / "card.json")


def test_without_a_card_measured_here_there_is_nothing_to_compare_with(contest, tmp_path):
    submit(contest, Parcel("b", zip_of(tmp_path / "b.zip")), now=NOW)
    (entry,) = open_contest(contest).state.submissions.values()
    with pytest.raises(ForeignCardError, match="No entry has been measured here yet"):
        take_card(contest, write(tmp_path / "card.json", entry.weights))


def test_a_score_is_recorded_once_and_a_card_from_elsewhere_gives_way_to_measuring(contest, send):
    sent = send("a", "# fine")
    with writing(contest) as writer:
        entry = writer.state.entry(sent.id)
        record_score(writer, entry, make_card("told"), 1, "elsewhere")
        with pytest.raises(ForeignCardError, match="recorded once"):
            record_score(writer, entry, make_card("again"), 1, "elsewhere")
        record_score(writer, entry, make_card("measured"), 1, "here")
        with pytest.raises(ForeignCardError, match="recorded once"):
            record_score(writer, entry, make_card("told"), 1, "elsewhere")
        with pytest.raises(ForeignCardError, match="recorded once"):
            record_score(writer, entry, make_card("twice"), 1, "here")
    assert verify(contest).faults == []
    (score,) = open_contest(contest).state.measured[0].values()
    assert score.source == "here"


def test_a_card_that_was_handed_in_moves_nobody_and_is_measured_here(contest, send):
    sent = send("told", "# fine")
    with writing(contest) as writer:
        entry = writer.state.entry(sent.id)
        record_score(writer, entry, make_card("told"), 1, "elsewhere")
    (row,) = board_of(open_contest(contest)).standings.rows
    assert (row.entry.aside, [flag.name for flag in row.entry.flags]) == ("self reported", ["self_reported"])
    (score,) = evaluate(contest, scorer=SCORER)
    assert score.source == "here"
    (row,) = board_of(open_contest(contest)).standings.rows
    assert row.entry.ranks
