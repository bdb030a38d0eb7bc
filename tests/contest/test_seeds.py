"""Seeds of a contest: secret until the final round, checked by everybody afterwards."""

import hashlib
import os

import msgspec
import pytest
from tests.contest.conftest import AFTER, NOW, SCORER

from flowleague.contest import seeds
from flowleague.contest.chain import LOG_FILE, START, encode, sealed
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import ContestError, add_private, open_contest, read_canvas_ids, read_secret
from flowleague.contest.records import read_records, writing
from flowleague.contest.rescore import begin_round
from flowleague.contest.scores import ForeignCardError, take_card
from flowleague.contest.toml import RulesError
from flowleague.contest.verify import verify

VALUE = "drand 4f1c 17"
PRIVATE = "private.toml"


@pytest.fixture
def secret(contest):
    """The secret of the contest, committed to."""
    seeds.commit(contest)
    return read_secret(contest)


def test_the_secret_is_kept_and_only_its_hash_recorded(contest, secret):
    record = read_records(contest)[0]
    assert record.body == {"sha256": hashlib.sha256(bytes.fromhex(secret)).hexdigest()}
    assert secret not in (contest / LOG_FILE).read_text()
    assert len(secret) == 64
    if os.name != "nt":
        assert (contest / PRIVATE).stat().st_mode & 0o777 == 0o600


def test_names_in_the_private_file_leave_the_secret(contest, secret):
    add_private(contest, "A", canvas=["7"])
    assert read_canvas_ids(contest) == {"7": "A"}
    assert read_secret(contest) == secret
    assert (contest / PRIVATE).stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_second_secret_is_not_drawn(contest, secret):
    with pytest.raises(ContestError, match="have begun"):
        seeds.commit(contest)
    assert read_secret(contest) == secret


def test_seeds_differ_between_secrets_and_stay_the_same_in_all_rounds(contest, secret, send):
    send("A", "# fine")
    before = seeds.seeds_of(open_contest(contest))
    assert before != seeds.seeds_from(seeds.open_root("1" * 64))
    assert before != seeds.seeds_from(seeds.commitment_to(secret))  # which everybody knows
    assert all(0 <= seed < 2**31 for seed in before or ())
    evaluate(contest, scorer=SCORER)
    begin_round(contest, "a fault")
    assert seeds.seeds_of(open_contest(contest)) == before


def test_the_scorer_gets_the_seeds_in_a_file_and_nobody_afterwards(contest, secret, send, tmp_path):
    send("A", "# fine")
    wrapper = tmp_path / "scorer.sh"
    wrapper.write_text(f'#!/bin/sh\nwhile [ "$1" != --seeds ]; do shift; done\ncp -p "$2" {tmp_path}/got\nexit 3\n')
    wrapper.chmod(0o700)
    evaluate(contest, scorer=(str(wrapper),), keep=tmp_path / "kept")
    got = tmp_path / "got"
    assert tuple(map(int, got.read_text().split())) == seeds.seeds_of(open_contest(contest))
    assert got.stat().st_mode & 0o777 == 0o600
    assert not [path for place in (contest, tmp_path / "kept") for path in place.rglob("*.seeds")]


@pytest.mark.parametrize(("text", "said"), [("", "is not here"), (f'secret = "{"1" * 64}"\n', "is another one here")])
def test_without_the_secret_nothing_is_measured_and_nobody_blamed(text, said, contest, secret, send):
    send("A", "# fine")
    (contest / PRIVATE).write_text(text)
    with pytest.raises(ContestError, match=said):
        evaluate(contest, scorer=SCORER)
    assert open_contest(contest).state.measured == [{}]


def test_a_secret_that_is_none_is_a_sentence_with_the_line(contest):
    (contest / PRIVATE).write_text('# names\nsecret = "abc"\n')
    with pytest.raises(RulesError, match="line 2: secret must be the 64 hexadecimal digits"):
        read_secret(contest)


def test_a_contest_without_a_secret_uses_the_published_seeds_and_says_so(contest, send):
    send("A", "# fine")
    evaluate(contest, scorer=SCORER)
    opened = open_contest(contest)
    assert seeds.seeds_of(opened) is None
    assert "published" in seeds.described(opened.state)
    assert verify(contest).faults == []


def test_the_final_round_derives_from_value_contest_and_number(contest, secret, send):
    send("A", "# fine")
    evaluate(contest, scorer=SCORER)
    assert seeds.begin_final_round(contest, VALUE, now=AFTER) == 2
    body = read_records(contest)[-1].body  # before anything of it was measured
    name = open_contest(contest).rules.name
    assert body["seed"] == hashlib.sha256(f"{VALUE}\n{name}\n2\n".encode()).hexdigest()
    assert body["secret"] == secret  # revealed, for it is not used any more
    final = seeds.seeds_of(open_contest(contest))
    assert final == seeds.seeds_from(body["seed"])
    assert [m.round for m in evaluate(contest, scorer=SCORER)] == [2]
    begin_round(contest, "a fault")
    assert seeds.seeds_of(open_contest(contest)) == final
    (contest / PRIVATE).unlink()
    assert verify(contest).faults == []


def test_there_is_one_final_round_and_it_continues_with_the_same_value(contest, secret):
    assert seeds.begin_final_round(contest, VALUE, now=AFTER) == seeds.begin_final_round(contest, VALUE, now=AFTER)
    with pytest.raises(ContestError, match="there is only one"):
        seeds.begin_final_round(contest, "another", now=AFTER)
    assert [record.kind for record in read_records(contest)] == ["secret", "rules", "final-round"]


@pytest.mark.parametrize(
    ("value", "now", "said"), [(VALUE, NOW, "still open"), (" ", AFTER, "one line"), ("a\nb", AFTER, "one line")]
)
def test_a_final_round_that_cannot_be_leaves_no_record(value, now, said, contest):
    with pytest.raises(ContestError, match=said):
        seeds.begin_final_round(contest, value, now=now)
    assert read_records(contest) == []


def test_the_final_round_takes_no_foreign_card(contest, secret, send, tmp_path):
    send("A", "# fine")
    seeds.begin_final_round(contest, VALUE, now=AFTER)
    evaluate(contest, scorer=SCORER)
    (card,) = contest.rglob("scorecard-2.json")
    with pytest.raises(ForeignCardError, match="seeds of its own"):
        take_card(contest, card)


def rewritten(contest, change):
    """Write the records anew with a change of their bodies and sound hashes, as an organiser could."""
    records, previous = [], START
    for record in read_records(contest):
        record = sealed(msgspec.structs.replace(record, body=change(record.kind, record.body), previous=previous))
        previous = record.hash
        records.append(encode(record) + b"\n")
    (contest / LOG_FILE).write_bytes(b"".join(records))
    (contest / "records.head").write_text(f"{len(records)} {previous}\n")


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("final-round", {"value": "other"}, "does not derive"),
        ("final-round", {"contest": "other"}, "does not derive"),
        ("final-round", {"seed": "0" * 64}, "does not derive"),
        ("final-round", {"round": 5}, "calls round 2 round 5"),
        ("final-round", {"secret": "0" * 64}, "is not the one"),
        ("secret", {"sha256": "0" * 64}, "is not the one"),
    ],
)
def test_what_does_not_derive_is_a_fault(kind, change, said, contest, secret):
    seeds.begin_final_round(contest, VALUE, now=AFTER)
    assert verify(contest).faults == []
    rewritten(contest, lambda name, body: body | (change if name == kind else {}))
    assert any(said in fault for fault in verify(contest).faults)


def test_a_commitment_after_a_measurement_is_a_fault(contest, send):
    send("A", "# fine")
    evaluate(contest, scorer=SCORER)
    with writing(contest) as writer:
        writer.append("secret", {"sha256": "0" * 64})
        writer.append("secret", {"sha256": "1" * 64})
    faults = " ".join(verify(contest).faults)
    assert "after an entry was measured" in faults
    assert "a second secret" in faults
