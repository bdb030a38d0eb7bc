"""From the folder to what is ranked, and a new round that moves places all at once."""

import pytest
from tests.contest.conftest import AFTER, NOW, SCORER

from flowleague.build import evaluator
from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import open_contest
from flowleague.contest.rescore import begin_round, changes
from flowleague.contest.scorer import command as scorer_options
from flowleague.contest.standing import lacking_metrics, open_entries, panel_of, standing_of
from flowleague.contest.submit import withdraw
from flowleague.contest.toml import RulesError
from flowleague.contest.verify import verify
from flowleague.scorecard.card import read_scorecard
from flowleague.scorecard.metrics import METRICS


def test_one_entry_a_team_with_marks_and_who_waits_and_why(contest, send):
    counted = {team: send(team, f"# fine\n{team}").id for team in "ab"}
    failed = send("failed", "# refuse")
    odd = send("odd", "# finding")
    gone = send("gone", "# fine\ngone")
    withdraw(contest, gone.id, send.keys["gone"], NOW)
    send("late", "# fine\nlate", now=AFTER)
    evaluate(contest, scorer=SCORER)
    send("new", "# fine\nnew")
    (contest / "analysis.toml").write_text('[marks."A"]\nmark = 8.5\nreviewer = "R"\n')
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("baselines = []", 'baselines = ["B"]'))
    standing = standing_of(open_contest(contest))
    entries = {entry.team: entry for entry in standing.entries}
    assert {team: entry.id for team, entry in entries.items()} == counted | {"failed": failed.id, "odd": odd.id}
    assert (entries["a"].analysis, entries["b"].analysis) == (8.5, None)
    assert (entries["a"].baseline, entries["b"].baseline) == (False, True)
    assert entries["failed"].metrics == {}
    assert "SubmissionInterface" in standing.problems[failed.id]
    assert standing.problems[odd.id] == "It is odd."
    assert entries["a"].metrics["quality.precision"].error == 0.01
    assert {waiting.team: waiting.reason for waiting in standing.waiting} == {
        "gone": "withdrawn",
        "late": "late: sent in after the closing",
        "new": "not measured yet",
    }


@pytest.mark.parametrize(
    "text",
    [
        '[marks.a]\nmark = "x"\nreviewer = "R"',
        "[marks.a]\nmark = 1",
        "[marks.a]\nmark = nan\nreviewer = 'R'",
        "[mark.a]",
    ],
)
def test_marks_are_checked_with_their_line(text, contest):
    (contest / "analysis.toml").write_text("\n" + text)
    with pytest.raises(RulesError, match=r"analysis.toml, line 2: "):
        standing_of(open_contest(contest))


def test_the_ranking_can_be_computed_again_from_the_records_alone(contest, send):
    send("a", "# fine")
    evaluate(contest, scorer=SCORER)
    before = standing_of(open_contest(contest))
    (card,) = contest.rglob("scorecard-1.json")
    recorded = {name: (m.value, m.standard_error) for name, m in read_scorecard(card).metrics().items()}
    assert {name: (m.value, m.error) for name, m in before.entries[0].metrics.items()} == recorded
    card.write_text("{}")
    assert standing_of(open_contest(contest)) == before
    assert len(verify(contest).faults) == 1


def test_a_rescoring_shows_who_moved_and_why_and_only_when_it_is_done(contest, send, monkeypatch):
    ids = {send(team, f"# fine\n{team}").id for team in "abcd"}
    evaluate(contest, scorer=SCORER)
    before = standing_of(open_contest(contest))
    assert begin_round(contest, "a fix") == 2
    assert begin_round(contest, "a fix") == 2  # cut off, and called again: the same round
    assert standing_of(open_contest(contest)) == before
    monkeypatch.setenv("SCORER_EVALUATOR", "flowleague-0.2")
    monkeypatch.setenv("SCORER_SEED", "other")
    send("late comer", "# fine\ne")  # came after the round began: it does not hold the result back
    evaluate(contest, scorer=SCORER)
    opened = open_contest(contest)
    assert standing_of(opened).round == 2
    assert len(list(contest.rglob("scorecard-1.json"))) == 4  # the old ones stay
    assert len(list(contest.rglob("scorecard-2.json"))) == 5
    found = changes(opened, 1, 2)
    assert found.evaluator == (f"version flowleague-0.2 instead of {evaluator()}",)
    assert {move.team for move in found.moves} == set("abcd")
    moved = [move for move in found.moves if move.before != move.after]
    assert moved
    assert all(move.shifts for move in moved)
    assert min(move.after for move in found.moves) == 1
    assert len(ids) == 4
    assert verify(contest).faults == []


def test_a_ranked_metric_that_a_card_lacks_is_told_until_a_rescoring_has_it(contest, send, monkeypatch):
    monkeypatch.setenv("SCORER_LACKS", "reconstruction.mse")
    old = send("old", "# fine\nold")
    failed = send("failed", "# refuse")
    evaluate(contest, scorer=SCORER)
    monkeypatch.delenv("SCORER_LACKS")
    new = send("new", "# fine\nnew")
    evaluate(contest, scorer=SCORER)
    opened = open_contest(contest)
    standing = standing_of(opened)
    assert {entry.id for entry in standing.entries} == {old.id, failed.id, new.id}
    assert lacking_metrics(opened, standing) == {old.id: ["reconstruction.mse"]}
    begin_round(contest, "new metrics")
    evaluate(contest, scorer=SCORER)
    opened = open_contest(contest)
    assert lacking_metrics(opened, standing_of(opened)) == {}


@pytest.mark.parametrize(("name", "lacking"), [("reconstruction.mse", True), ("quality.density", False)])
def test_a_metric_that_a_card_lacks_is_not_recorded_and_told_where_it_ranks(name, lacking, contest, send, monkeypatch):
    monkeypatch.setenv("SCORER_LACKS", name)
    entry = send("a", "# fine")
    evaluate(contest, scorer=SCORER)
    (record,) = (record for record in read_records(contest) if record.kind == "score")
    assert set(METRICS) - set(record.body["metrics"]) == {name}
    opened = open_contest(contest)
    assert lacking_metrics(opened, standing_of(opened)) == ({entry.id: [name]} if lacking else {})


def test_a_rescoring_by_the_same_evaluator_moves_nobody(contest, send):
    for team in "abc":
        send(team, f"# fine\n{team}")
    evaluate(contest, scorer=SCORER)
    begin_round(contest, "to be sure")
    evaluate(contest, scorer=SCORER)
    found = changes(open_contest(contest), 1, 2)
    assert found.evaluator == ()
    assert all(move.before == move.after and not move.shifts for move in found.moves)


def test_the_first_round_needs_no_second(contest, send):
    send("a", "# fine")
    assert begin_round(contest, "nothing is measured yet") == 1
    assert [record.kind for record in read_records(contest)] == ["rules", "submit"]


def test_a_board_that_stays_open(contest, send):
    one, two = send("a", "# fine\n1"), send("a", "# fine\n2")
    late = send("b", "# fine\n3", now=AFTER)
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("panel = []", f'panel = ["{one.id}"]'))
    evaluate(contest, scorer=SCORER)
    opened = open_contest(contest)
    assert [entry.id for entry in panel_of(opened)] == [one.id]
    assert [entry.id for entry in open_entries(opened)] == [two.id, late.id]


@pytest.mark.parametrize(("code", "aside"), [("shown", True), ("ranked", False)])
def test_what_was_run_and_not_captured_is_ranked_where_the_rules_say_so(code, aside, contest, send):
    send("captured", "# fine")
    ran = send("ran", "# run")
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace('code = "shown"', f'code = "{code}"'))
    evaluate(contest, scorer=SCORER)
    standing = standing_of(open_contest(contest))
    assert {entry.team: not entry.ranks for entry in standing.entries} == {"captured": False, "ran": aside}
    assert standing.problems[ran.id] == "It was not captured, so its code was run."
    opened = {entry.team for entry in open_entries(open_contest(contest))}
    assert opened == ({"captured"} if aside else {"captured", "ran"})


def test_a_contest_that_refuses_to_run_code_tells_the_scorer(contest, send):
    entry = send("a", "# fine")
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace('code = "shown"', 'code = "refused"'))
    (submission,) = open_contest(contest).state.live()
    assert submission.id == entry.id
    assert "--captured-only" in scorer_options(open_contest(contest), submission, contest)
