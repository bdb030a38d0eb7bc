"""What commands print, at four widths and in a pipe, held in files: `FLOWLEAGUE_GOLDEN=write` renews them.

Figures are of made-up cards, so that only a change of words or of layout is seen in a diff.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.board.contests import write_contest
from tests.bundle.test_runs import folder  # noqa: F401 - a fixture
from tests.contest.cards import make_card

from flowleague.cli import app, layout, watching
from flowleague.cli.layout import Column, print_beside, print_table, say
from flowleague.cli.progress import draw_progress, drawn
from flowleague.cli.score import answer
from flowleague.cli.tables import print_comparison, print_scorecard
from flowleague.cli.watching import Watch, conclude, preview
from flowleague.contest.events import Evaluator, Failure, Score
from flowleague.contest.folder import open_contest
from flowleague.contest.watching import STAGE, Present
from flowleague.scorecard.card import read_scorecard
from flowleague.scorecard.compare import compare
from flowleague.shipped import scorecard
from flowleague.training.run import Report

GOLDEN = Path(__file__).parent / "golden"
TEAMS = ("The Latents", "Posterior Collapse and the Gradients", "KL", "<b>Brody</b>")
CHANGES = {"KL": {"failure": "Its weights are not there."}, "<b>Brody</b>": {"captured": False}}
CONTEST = (("rank",), ("entries",), ("awards",), ("explain", "The Latents"), ("feedback", "KL"))
REPORTS = [
    Report("vae", 240_000, 480_000, 67.4, 0.004125, {"mse": 0.0041, "kl": 89.33, "loss": 0.0084}),
    Report("vae", 480_000, 480_000, 134.2, 0.003985, {"mse": 0.004, "kl": 89.97, "loss": 0.0081}),
    Report("flow", 1_500_160, 1_500_160, 23.4, 1.104, {"loss": 1.096}),
]


@pytest.fixture(scope="module")
def contest(tmp_path_factory) -> Path:
    return write_contest(tmp_path_factory.mktemp("layout") / "contest", TEAMS, 2, baseline="KL", changes=CHANGES)


def printed(contest: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What each command prints of made-up figures, under its words."""
    parts = {}
    capsys.readouterr()
    for words in CONTEST:
        app(["contest", *words, "-C", str(contest)], standalone_mode=False)
        parts[f"contest {' '.join(words)}"] = capsys.readouterr().out
    cards = [make_card(name) for name in ("one", "two", "a third one", "four")]
    for some in (cards[:2], cards):
        print_comparison(some, compare(some))
        parts[f"compare {len(some)} cards"] = capsys.readouterr().out
    print_scorecard(cards[0])
    parts["score --all"] = capsys.readouterr().out
    draw_progress(iter(REPORTS), ["vae", "flow"])
    parts["train"] = capsys.readouterr().out + drawn(REPORTS[0], ["vae", "flow"]) + "\n"
    parts["contest evaluate"] = evaluated(contest, capsys)
    return "\n".join(f"$ flowleague {words}\n{text}" for words, text in parts.items())


def evaluated(contest: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `contest evaluate` says of an entry that is measured, one that is not, and one that a kill ends."""
    opened = open_contest(contest)
    entries = list(opened.state.submissions.values())[:3]
    say(preview(opened, entries, 2, 150), preview(opened, entries[:1], 1, None))
    one, two, three = (Present(entry.team, entry.id, 41.2, contest / entry.id) for entry in entries)
    one.place.mkdir(exist_ok=True)
    (one.place / STAGE).write_text("0.312 samples")
    watch = Watch(3, 2, 150)
    with watch:
        watch.see([one, two])
        say(*watch.drawn())
        done = [outcome(one.id, ""), outcome(two.id, "decode reads a size from values (line 44).")]
        done += [outcome(three.id, "The evaluator was killed by signal 11.")]
        for entry, measured in zip(entries, done, strict=True):
            watch.tell(entry.team, measured)
    conclude(done, opened, 150)
    return capsys.readouterr().out


def outcome(id_: str, problem: str) -> Score | Failure:
    where = {"number": 1, "time": datetime(2026, 10, 3, tzinfo=UTC), "files": {}, "id": id_, "round": 1}
    if problem:
        return Failure(**where, reason=problem)
    by = Evaluator("flowleague-0", "full", {}, {})
    return Score(**where, source="here", by=by, metrics={})


@pytest.mark.parametrize("width", [60, 80, 100, 120, 0])
def test_commands_fit_and_say_what_they_said(width, contest, monkeypatch, capsys):
    """Width 0 is a pipe: no terminal, and nobody says how many columns there are."""
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    if width:
        monkeypatch.setenv("COLUMNS", str(width))
        for module in (layout, watching):
            monkeypatch.setattr(module, "is_terminal", lambda: True)
    else:
        monkeypatch.delenv("COLUMNS", raising=False)
    text = printed(contest, capsys)
    assert "\x1b" not in text
    if width:
        assert_fits(text, width)
    path = GOLDEN / (f"columns-{width}.txt" if width else "pipe.txt")
    if os.environ.get("FLOWLEAGUE_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def assert_fits(text: str, width: int) -> None:
    for line in text.splitlines():
        assert cell_len(line) <= width or len(line.split()) == 1, line  # a hash or a path alone may be longer


@pytest.mark.parametrize("width", [60, 80])
def test_what_is_said_of_shipped_models_fits(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(layout, "is_terminal", lambda: True)
    for words in (("models",), ("recipes",), ("show", "base"), ("compare", "base", "tiny", "max", "cut")):
        app([*words], standalone_mode=False)
    answer(read_scorecard(scorecard("base")), None, True, False)
    text = capsys.readouterr().out
    assert_fits(text, width)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_what_is_said_of_files_and_records_fits(width, contest, folder, idx_folder, tmp_path, monkeypatch, capsys):  # noqa: F811
    """Commands that read what lies on a disk, whose times and paths are no matter for golden files."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(layout, "is_terminal", lambda: True)
    monkeypatch.chdir(tmp_path)
    changed = ("set", "tiny", "--steps", "3", "-o", "new.zip")
    here = ("-C", str(contest))
    judged = ("judges", "--dataset", str(idx_folder), "--judges", "mnist")
    commands = (judged, ("data", str(idx_folder)), ("runs", str(folder)), changed, ("contest", "verify", *here))
    for words in commands:
        with suppress(SystemExit):  # `verify` ends so where cards are not those of measured files
            app([*words], standalone_mode=False)
        said = capsys.readouterr().out
        assert said, words
        assert_fits(said, width)


def test_what_matters_least_is_left_out_first_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    wide = "x" * 20
    print_table([Column("a"), Column("b", spare=2), Column("c", spare=1)], [(wide, wide, wide)])
    assert capsys.readouterr().out.splitlines()[0].split() == ["a", "c"]
    print_table([Column("a"), Column("b", spare=1), Column("c", spare=1)], [(wide, wide, wide)])
    assert capsys.readouterr().out.splitlines()[-1] == "Left out for want of room: b, c."


def test_things_side_by_side_stand_in_blocks_where_there_is_little_room(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    names = [f"model {i}" for i in range(5)]
    print_beside(names, [("figure", ["0.97263 ± 0.00016"] * 5)])
    heads = [line.split() for line in capsys.readouterr().out.splitlines() if "model" in line]
    assert [len(head) // 2 for head in heads] == [2, 2, 1]


def test_a_path_is_not_broken(monkeypatch):
    monkeypatch.setattr(layout, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    path = "/a-rather-long/path" * 6
    assert path in layout.wrapped(f"The scorecard is {path} now.").splitlines()[1]
