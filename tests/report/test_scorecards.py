import shutil

import msgspec
import pytest
from tests.contest.cards import without
from tests.report.conftest import SMALL_PLAN, quiet

from flowleague.judge.evidence import load_real
from flowleague.judge.judges import load_judges
from flowleague.report import scorecards
from flowleague.report.scorecards import misfit, scorecard_of
from flowleague.report.subject import open_subject
from flowleague.scorecard.card import ScorecardError, read_scorecard, write_scorecard


@pytest.fixture(scope="module")
def parts(judged, idx_folder):
    subject = open_subject(judged.bundle)
    return subject, load_real(str(idx_folder), SMALL_PLAN), load_judges()


@pytest.fixture(scope="module")
def card(judged):
    return read_scorecard(judged.out / "scorecard.json")


def test_the_card_of_a_bundle_fits_it(card, parts):
    assert misfit(card, *parts) == ""


def test_a_card_of_another_model_digits_judges_or_recipe_does_not(card, parts):
    other = msgspec.structs.replace
    weights = (other(card.weights[0], sha256="0" * 64), *card.weights[1:])
    assert "other hashes" in misfit(other(card, weights=weights), *parts)
    assert "another plan (full)" in misfit(other(card, plan="full"), *parts)
    assert "other digits" in misfit(other(card, data_sha256={}), *parts)
    assert "other judges" in misfit(other(card, judges=()), *parts)
    assert "flowleague-0 measured" in misfit(other(card, evaluator="flowleague-0"), *parts)
    for category, metric in (("efficiency", "nfe"), ("training_performance", "vae_final_mse")):
        groups = tuple(
            other(c, metrics=tuple(other(m, value=77.0) if m.name == metric else m for m in c.metrics))
            for c in card.categories
        )
        assert misfit(other(card, categories=groups), *parts) == f"{category}.{metric} is another"


def test_a_given_card_must_fit_and_one_that_lies_about_is_passed_over(card, parts, judged, tmp_path):
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    write_scorecard(msgspec.structs.replace(card, plan="full"), wrong)
    shutil.copy(judged.out / "scorecard.json", right)
    subject, digits, judges = parts
    with pytest.raises(ScorecardError, match=r"not the scorecard of this entry: .* leave --scorecard out"):
        scorecard_of(subject, digits, judges, wrong, [], quiet)
    assert scorecard_of(subject, digits, judges, None, [tmp_path / "absent.json", wrong, right], quiet) == card


def test_a_card_that_lacks_a_metric_is_measured_anew(card, parts, tmp_path, monkeypatch):
    subject, digits, judges = parts
    old = without(card, "quality.frechet")
    assert misfit(old, subject, digits, judges) == "it lacks quality.frechet"
    write_scorecard(old, tmp_path / "scorecard.json")
    monkeypatch.setattr(scorecards, "measure_model", lambda *_: card)
    assert scorecard_of(subject, digits, judges, None, [tmp_path / "scorecard.json"], quiet) == card
    assert read_scorecard(tmp_path / "scorecard.json") == card
    write_scorecard(old, tmp_path / "given.json")
    with pytest.raises(ScorecardError, match=r"it lacks quality\.frechet; leave --scorecard out"):
        scorecard_of(subject, digits, judges, tmp_path / "given.json", [], quiet)
