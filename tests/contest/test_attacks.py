"""Attacks on a contest that won, hid or cost something before, by name: each is refused, found, or does no harm.

forged figures, ids that collide, names that look alike, edited records, clones and withdrawn originals. Zip bombs are
in tests/test_archive.py, and what is measured in tests/attacks.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save
from tests.contest.cards import make_card
from tests.contest.conftest import AFTER, NOW

from flowleague.contest import submit as submitting
from flowleague.contest.chain import HEAD_FILE, LOG_FILE, START, encode, head_text, read_records, sealed
from flowleague.contest.counting import Counting
from flowleague.contest.entry_files import EntryFileError
from flowleague.contest.folder import new_contest, open_contest
from flowleague.contest.records import writing
from flowleague.contest.scores import record_score
from flowleague.contest.submit import Parcel, submit, withdraw
from flowleague.contest.teams import TeamError, check_look, clean_name, name_key
from flowleague.contest.verify import verify
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule
from flowleague.ranking.sensitivity import sensitivity


def score(contest: Path, id_: str, figures: str) -> None:
    with writing(contest) as writer:
        record_score(writer, writer.state.submissions[id_], make_card(figures), 1, "here")


def figure(contest: Path, id_: str, name: str = "reconstruction.mse") -> float | None:
    return open_contest(contest).state.measured[0][id_].measured[name].value


def test_an_id_that_was_made_to_be_anothers_inherits_nothing(contest, send, monkeypatch):
    monkeypatch.setattr(submitting, "_digest", lambda team, read: "29b2c0ffee")  # who pays for 2^40 hashes has this
    honest, thief = send("Honest", "# fine"), send("Thief", "# ground until the ids were equal")
    assert (honest.id, thief.id) == ("29b2c0ffee", "29b2c0ffee-2")
    score(contest, honest.id, "good")
    assert thief.id not in open_contest(contest).state.measured[0]
    score(contest, thief.id, "bad")
    assert figure(contest, honest.id) != figure(contest, thief.id)
    assert send("Thief", "# ground until the ids were equal").known  # repeated, it is the same entry
    assert verify(contest).faults == []


LOOK_ALIKE = {
    "Cyrillic a": "The L\u0430tents",
    "Cyrillic T": "\u0422he Latents",
    "Greek capital": "\u03a4he Latents",
    "variation selector": "The Latents\ufe0f",
    "grapheme joiner": "The\u034f Latents",
    "Hangul filler": "The Latents\u3164",
    "Hangul choseong filler": "The Latents\u115f",
    "blank of Braille": "The\u2800Latents",
    "inherent vowel of Khmer": "The Latents\u17b4",
    "Mongolian selector": "The Latents\u180b",
    "tag": "The Latents\U000e0041",
    "combining line": "The Latents\u0332",
    "joiner": "The Latents\u200d",
    "soft hyphen": "The La\u00adtents",
    "case": "THE LATENTS",
    "full width": "\uff34he Latents",
    "no-break space": "The\u00a0Latents",
    "I for l": "The Iatents",
    "Cyrillic s": "The Latent\u0455",
    "interlinear mark": "The Latents\ufff9",
    "object replacement": "The Latents\ufffc",
    "mathematical bold": "\U0001d413he Latents",
    "direction mark": "The Latents\u200e",
}


@pytest.mark.parametrize("name", LOOK_ALIKE.values(), ids=LOOK_ALIKE)
def test_a_name_that_looks_like_a_teams_is_that_teams_or_refused(name):
    team = "The Latents"
    try:
        cleaned = clean_name(name)
        if name_key(cleaned) != name_key(team):
            check_look(cleaned, [team])
    except TeamError:
        return
    assert name_key(cleaned) == name_key(team)


@pytest.mark.parametrize("name", ["\u3164", "\u2800\u2800", "\ufe0f", "\u034f", "\u200b", "  "])
def test_a_name_of_nothing_is_none(name):
    with pytest.raises(TeamError):
        clean_name(name)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A contest of three teams, each measured."""
    place = tmp_path_factory.mktemp("measured")
    new_contest(place / "contest", opens=NOW.replace(tzinfo=None), closes=NOW.replace(tzinfo=None, hour=20))
    for team in "ABC":
        path = place / f"{team}.py"
        path.write_text(f"# {team}")
        score(place / "contest", submit(place / "contest", Parcel(team, path), now=NOW).id, team)
    return place / "contest"


def lines(folder):
    return (folder / LOG_FILE).read_bytes().splitlines(keepends=True)


def put(folder, found):
    (folder / LOG_FILE).write_bytes(b"".join(found))


def write_all(folder, records):
    """The log of these records, hashed anew, with its head."""
    before, again = START, []
    for number, record in enumerate(records, 1):
        again.append(sealed(msgspec.structs.replace(record, number=number, previous=before, hash="")))
        before = again[-1].hash
    put(folder, [encode(record) + b"\n" for record in again])
    (folder / HEAD_FILE).write_text(head_text(len(again), before))


def a_record_is_added(folder, kind, **changes):
    """By hand, with the right hashes; the head that was kept elsewhere is still in the log."""
    records = read_records(folder)
    like = next(record for record in records if record.kind == kind)
    write_all(folder, [*records, msgspec.structs.replace(like, body=like.body | changes)])


def a_better_score_is_added(folder):
    figures = next(record.body["metrics"] for record in read_records(folder) if record.kind == "score")
    a_record_is_added(folder, "score", metrics={name: [0.0, 0.0] for name in figures})


def a_score_of_no_round_is_added(folder):
    a_record_is_added(folder, "score", round=-1)


def an_entry_becomes_anothers(folder):
    a_record_is_added(folder, "submit", team="B", claim=None)


def a_file_elsewhere_is_named(folder):
    records = read_records(folder)
    records[-1] = msgspec.structs.replace(records[-1], files={"entries/../../elsewhere": "0" * 64})
    write_all(folder, records)


def last_line_goes(folder):
    put(folder, lines(folder)[:-1])


def last_line_and_head_go_back(folder):
    write_all(folder, read_records(folder)[:-1])


def last_record_and_its_files_go(folder):
    *kept, last = read_records(folder)
    for path in last.files:
        (folder / path).unlink()
    write_all(folder, kept)


def a_team_goes(folder):
    records = read_records(folder)
    while records[-1].body.get("team") != "C":
        records.pop()
    records.pop()
    write_all(folder, records)
    shutil.rmtree(next((folder / "entries").glob("c-*")))


def lines_change_places(folder):
    found = lines(folder)
    found[1], found[2] = found[2], found[1]
    put(folder, found)


def head_goes(folder):
    (folder / HEAD_FILE).unlink()


def head_and_last_line_go(folder):
    last_line_goes(folder)
    head_goes(folder)


def a_score_is_edited(folder):
    records = read_records(folder)
    at = next(n for n, record in enumerate(records) if record.kind == "score")
    body = dict(records[at].body)
    body["metrics"] = {name: [0.0, 0.0] for name in body["metrics"]}
    records[at] = msgspec.structs.replace(records[at], body=body)
    write_all(folder, records)


def the_last_line_twice(folder):
    put(folder, [*lines(folder), lines(folder)[-1]])


def an_empty_line(folder):
    put(folder, [*lines(folder), b"\n"])


def a_rule_is_turned_round(folder):
    path = folder / "contest.toml"
    path.write_text(path.read_text().replace('mse = "lower"', 'mse = "higher"'))


def marks_are_given(folder):
    (folder / "analysis.toml").write_text('[marks."A"]\nmark = 10\nreviewer = "x"\n')


def judges_appear(folder):
    (folder / "judges").mkdir()
    (folder / "judges" / "x.safetensors").write_bytes(b"x")


FAULT, NOTE, HEAD = "a fault", "a note", "by a head that was kept elsewhere"
EDITED = {
    last_line_goes: FAULT,
    last_line_and_head_go_back: FAULT,
    last_record_and_its_files_go: HEAD,
    a_team_goes: HEAD,
    lines_change_places: FAULT,
    head_goes: NOTE,
    head_and_last_line_go: FAULT,
    a_score_is_edited: FAULT,
    the_last_line_twice: FAULT,
    an_empty_line: FAULT,
    a_rule_is_turned_round: FAULT,
    marks_are_given: NOTE,  # which are free until the final round records them
    judges_appear: FAULT,
    a_better_score_is_added: FAULT,
    a_score_of_no_round_is_added: FAULT,
    an_entry_becomes_anothers: FAULT,
    a_file_elsewhere_is_named: FAULT,
}


@pytest.mark.parametrize(("edit", "seen"), EDITED.items(), ids=[edit.__name__ for edit in EDITED])
def test_records_that_were_edited_by_hand_are_found(edit, seen, measured, tmp_path):
    shutil.copytree(measured, tmp_path / "contest")
    head = verify(measured, now=AFTER).head
    edit(tmp_path / "contest")
    report = verify(tmp_path / "contest", now=AFTER)
    assert bool(report.faults) == (seen == FAULT)
    if seen == NOTE:
        assert len(report.notes) > len(verify(measured, now=AFTER).notes)
    if seen == HEAD:
        assert verify(tmp_path / "contest", against=head, now=AFTER).faults


@pytest.mark.parametrize("edit", [a_better_score_is_added, a_score_of_no_round_is_added, an_entry_becomes_anothers])
def test_a_record_that_was_added_by_hand_moves_nobody(edit, measured, tmp_path):
    shutil.copytree(measured, tmp_path / "contest")
    before = open_contest(measured).state
    edit(tmp_path / "contest")
    assert open_contest(tmp_path / "contest").state == before


@pytest.mark.parametrize("name", ["w\x1b[2J", "w\u202e", "w\u061c", "a:b", 'a"b', "w\u200b"])
def test_a_weight_file_whose_name_plays_with_a_terminal_is_refused(name, send, tmp_path):
    with pytest.raises(EntryFileError, match="some systems refuse"):
        send("A", "# fine", weights=[weights(tmp_path / "w" / f"{name}.safetensors")])


CATEGORIES = [CategoryRule(name, (MetricRule("m", "lower"),)) for name in ("one", "two", "three")]


def entry(team, *values):
    return Entry(team, team, {f"{c.name}.m": Measured(v) for c, v in zip(CATEGORIES, values, strict=True)})


def test_clones_that_push_a_rival_down_are_told_of():
    honest = [entry("Ann", 1, 3, 1), entry("Bob", 2, 1, 1.5)]
    assert {row.entry.team for row in rank(honest, CATEGORIES, "ranks", "share").winners} == {"Ann"}
    clones = [entry(f"clone {n}", 9, 2 + n / 10, 9) for n in range(2)]  # between the two where Ann is behind
    spoiled = rank([*honest, *clones], CATEGORIES, "ranks", "share")
    assert {row.entry.team for row in spoiled.winners} == {"Bob"}
    assert {change.name for change in sensitivity(spoiled) if change.kind == "team"} >= {"clone 0", "clone 1"}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_clones_of_which_the_absence_of_one_changes_nothing_are_told_of(count):
    clones = [entry(f"clone {n}", 9 + n, 2 + n / 10, 9 + n) for n in range(count)]
    standings = rank([entry("Ann", 1, 3, 1), entry("Bob", 2, 1, 1.5), *clones], CATEGORIES, "ranks", "share")
    (told,) = (change for change in sensitivity(standings) if change.kind == "alone")
    assert (told.name, told.winners) == ("Bob", ("Ann",))


def weights(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(save({"w": np.random.default_rng(1).standard_normal(1000).astype(np.float32)}))
    return path


def found_of(contest: Path) -> dict[str, list[str]]:
    opened = open_contest(contest)
    counting = Counting(opened, 1)
    return {
        entry.team: [flag.name for flag in counting.flags(entry, opened.state.measured[0].get(entry.id))]
        for entry in opened.state.live()
    }


def test_who_withdraws_an_entry_and_sends_it_again_stays_ahead_of_its_copy(contest, send, tmp_path):
    path = weights(tmp_path / "w" / "vae.safetensors")
    first = send("first", "# mine", weights=[path])
    copy = send("copy", "# ours", weights=[path])
    withdraw(contest, first.id, send.keys["first"], NOW)
    again = send("first", "# mine, with a comment", weights=[path])
    for id_ in (copy.id, again.id):
        score(contest, id_, id_)
    assert found_of(contest) == {"first": [], "copy": ["shared_weights"]}


def test_the_time_of_receipt_says_who_came_first_and_not_the_order_of_records(contest, tmp_path):
    path, files = weights(tmp_path / "w" / "vae.safetensors"), [tmp_path / name for name in ("1.py", "2.py")]
    for file in files:
        file.write_text(f"# {file.name}")
    copy = submit(contest, Parcel("copy", files[0], [path]), now=NOW.replace(hour=14))
    parcel = Parcel("first", files[1], [path])
    first = submit(contest, replace(parcel, submitted=NOW.replace(hour=13)), now=NOW.replace(hour=15))
    for id_ in (copy.id, first.id):
        score(contest, id_, id_)
    assert found_of(contest) == {"first": [], "copy": ["shared_weights"]}


def test_one_tensor_that_is_shared_hides_no_changed_copy(contest, send, tmp_path):
    rng = np.random.default_rng(1)
    large, small = (rng.standard_normal(n).astype(np.float32) for n in (5000, 100))
    for team, change in (("first", 0.0), ("copy", 0.03)):
        path = tmp_path / team / "vae.safetensors"
        path.parent.mkdir()
        path.write_bytes(save({"large": large + change * rng.standard_normal(5000).astype(np.float32), "small": small}))
        score(contest, send(team, f"# {team}", weights=[path]).id, team)
    assert found_of(contest) == {"first": [], "copy": ["changed_copy"]}
