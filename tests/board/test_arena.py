"""The arena: honest entries beside every kind of cheat, by cards as they are measured; the front page tells them apart.

Figures are those of the shipped cards, changed as each cheat was measured to change them. That the findings are made is
tested where they are made (`tests.judge`, `tests.attacks`, `tests.hostile`); here it is what comes of them.
"""

import html
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.contest.conftest import NOW

from flowleague.board.build import build
from flowleague.board.front import CHANGES, marks_of
from flowleague.contest.exports import to_csv, to_json, to_markdown
from flowleague.contest.folder import new_contest, open_contest
from flowleague.contest.records import writing
from flowleague.contest.scores import record_score, take_card
from flowleague.contest.standing import board_of
from flowleague.contest.submit import Parcel, submit
from flowleague.ranking.findings import Flag
from flowleague.ranking.sensitivity import sensitivity
from flowleague.scorecard.card import Finding, Scorecard, ScorecardError, WeightFile, read_scorecard, write_scorecard
from flowleague.shipped import FOLDER

CONSISTENCY = {
    f"{source}_{what}_gap": 0.01 for source in ("gaussian", "midpoint") for what in ("confidence", "entropy")
}
LOG = {"vae_images_to_easy_target": 1.0, "vae_images_to_hard_target": 1.0, "flow_images_to_target": 1.0}
ONE = CONSISTENCY | {"digit_kept": 0.098, "recall": 0.0, "tensors_total": 790.0, "mse": 0.08, "ssim": 0.1} | LOG
FORGED = {"mse": 1e-9, "frechet": 1e-9}
TEN = CONSISTENCY | {"digit_kept": 0.63, "recall": 0.007, "precision": 0.99, "tensors_total": 7900.0} | LOG


def finding(name: str, category: str) -> Finding:
    return Finding(name=name, category=category, sentence=f"It was found: {name}.", hint="Do without.")


def card(model: str, values: dict[str, float] | None = None, *findings: Finding) -> Scorecard:
    """The card of a shipped model with other figures and findings."""
    whole = read_scorecard(FOLDER / f"{model}.scorecard.json")

    def changed(metric):
        value = (values or {}).get(metric.name)
        return metric if value is None else msgspec.structs.replace(metric, value=value, repeats=(), reason="")

    groups = (msgspec.structs.replace(group, metrics=tuple(map(changed, group.metrics))) for group in whole.categories)
    return msgspec.structs.replace(whole, categories=tuple(groups), findings=findings)


def slightly_worse(model: str, others: dict[str, float] | None = None, *findings: Finding) -> Scorecard:
    """What copies are entered for: behind their original in everything, and ahead of its rivals."""
    values = {
        m.name: m.value * (1.01 if m.direction == "lower" else 0.99)
        for group in read_scorecard(FOLDER / f"{model}.scorecard.json").categories
        for m in group.metrics
        if m.value is not None and m.direction != "shown"
    }
    return card(model, values | (others or {}), *findings)


NEAR = {"class_divergence": 0.001}  # so near to tiny that first place depends on a category
HONEST = {"honest max": card("max", NEAR), "honest tiny": card("tiny")}
CHEATS = {  # by team: the card, and what the front page says
    "one digit": (card("base", ONE), "below floor"),
    "ten digits": (card("base", TEN), "below floor"),
    "device": (card("max", CONSISTENCY, finding("switches_behaviour", "consistency")), "switches behaviour"),
    "leech": (card("max", {"mse": 0.0, "ssim": 1.0}, finding("not_captured", "reconstruction")), "code run"),
    "bank": (card("max", {"frechet": 0.01}, finding("stored_bank", "diversity")), "stored bank"),
    "parrot": (card("max", {"frechet": 0.01}, finding("test_copies", "quality")), "test copies"),
    "forged log": (slightly_worse("tiny", LOG, finding("training_log", "training_performance")), "training log"),
    "copy": (slightly_worse("max"), "shared weights"),
    "near copy": (slightly_worse("max"), "changed copy"),
    "public": (card("base"), "shipped model"),
    "forged card": (card("max", FORGED), "self reported"),
}


def weights_of(team: str, folder):
    """The weights of a team: its own, those of honest max, or these changed a little."""
    number = 0 if team in ("honest max", "copy", "near copy") else 1 + list(CHEATS | HONEST).index(team)
    values = np.random.default_rng(number).standard_normal(5000)
    if team == "near copy":
        values += 0.05 * np.random.default_rng(1).standard_normal(5000)
    path = folder / team / "vae.safetensors"
    path.parent.mkdir()
    save_file({"w": values.astype(np.float32)}, path)
    return path


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    """The contest with all of them, the honest first."""
    folder, sent = tmp_path_factory.mktemp("arena") / "contest", tmp_path_factory.mktemp("sent")
    new_contest(folder, opens=NOW.replace(tzinfo=None), closes=NOW.replace(tzinfo=None, month=12))
    for team, measured in (HONEST | {team: measured for team, (measured, _) in CHEATS.items()}).items():
        if team == "public":
            parcel = Parcel(team, FOLDER / "base.zip")
        else:
            path = sent / f"{team}.py"
            path.write_text(f"# {team}")
            parcel = Parcel(team, path, [weights_of(team, sent)])
        entry = submit(folder, parcel, now=NOW)
        if team == "forged card":
            ((name, sha256),) = open_contest(folder).state.submissions[entry.id].weights.items()
            size = parcel.weights[0].stat().st_size  # the one figure of its own that a forger cannot choose
            weights = (WeightFile(name=name, sha256=sha256, bytes=size, numbers=size // 4),)
            forged = card("max", FORGED | {"weight_bytes": size, "tensors_total": size // 4})
            write_scorecard(msgspec.structs.replace(forged, weights=weights), sent / "card.json")
            take_card(folder, sent / "card.json")
        else:
            with writing(folder) as writer:
                record_score(writer, writer.state.submissions[entry.id], measured, 1, "here")
    return folder


def test_honest_entries_are_in_front(arena):
    standings = board_of(open_contest(arena)).standings
    places = {row.entry.team: row.place for row in standings.ranked}
    assert 1 in {places[team] for team in HONEST}
    assert set(places) == {*HONEST, "one digit", "ten digits", "forged log"}
    assert max(places[team] for team in HONEST) < min(place for team, place in places.items() if team not in HONEST)


def test_whoever_is_taken_away_an_honest_entry_is_first(arena):
    """The two are nearly equal, so that which of them it is may hang on who else is there."""
    changes = [change for change in sensitivity(board_of(open_contest(arena)).standings) if change.kind == "team"]
    assert {winner for change in changes for winner in change.winners} <= set(HONEST)


def test_no_award_goes_to_a_cheat(arena):
    awards = board_of(open_contest(arena)).awards
    assert any(award.winners for award in awards)
    assert {entry.team for award in awards for entry in award.winners} <= set(HONEST)


def test_every_mark_is_on_the_front_page(arena, tmp_path):
    build(arena, tmp_path / "site")
    page = html.unescape((tmp_path / "site" / "index.html").read_text())
    rows = {row.group(1): row.group(0) for row in re.finditer(r'<tr id="e\w+".*?dir="auto">([^<]+)</a>.*?</tr>', page)}
    for team, (_, mark) in CHEATS.items():
        assert mark in rows[team], team
    for team in HONEST:
        assert "mark f" not in rows[team]


def test_of_several_findings_the_costliest_is_named(arena):
    board = board_of(open_contest(arena))
    row = next(row for row in board.standings.rows if not row.entry.flags)
    flags = (
        Flag("hidden_bits", ""),
        Flag("stored_bank", ""),
        Flag("training_log", "", cleared="A. Judge: a typing error"),
    )
    marked = replace(row, entry=replace(row.entry, flags=flags))
    assert marks_of(board, marked) == [("stored bank + 1", "found: stored bank; hidden bits", "f")]


def test_the_front_page_says_that_first_place_depends_on_a_category(arena, tmp_path):
    changes = sensitivity(board_of(open_contest(arena)).standings)
    assert [str(change) for change in changes if change.kind == "category"]
    build(arena, tmp_path / "site")
    page = html.unescape((tmp_path / "site" / "index.html").read_text())
    assert all(str(change) in page for change in changes[:CHANGES])


def test_every_export_and_page_carries_the_mark(arena, tmp_path):
    board = board_of(open_contest(arena))
    build(arena, tmp_path / "site")
    csv, said, markdown = to_csv(board), to_json(board), to_markdown(board)
    pages = {html.unescape(path.read_text()) for path in (tmp_path / "site").rglob("*.html")}
    for row in board.standings.rows:
        for flag in row.entry.flags:
            assert any(row.entry.team in line and flag.label in line for line in csv.splitlines())
            assert any(row.entry.team in line and flag.label in line for line in markdown.splitlines())
            assert flag.sentence in said
            assert any(f"<title>{row.entry.team}" in page and flag.sentence in page for page in pages), row.entry.team


def test_a_card_with_figures_that_cannot_be_is_refused(arena, tmp_path):
    write_scorecard(card("max", {"mse": -1e29, "precision": 1e29}), tmp_path / "card.json")
    before = (arena / "records.jsonl").read_bytes()
    with pytest.raises(ScorecardError, match="contradicts itself"):
        take_card(arena, tmp_path / "card.json")
    assert (arena / "records.jsonl").read_bytes() == before
