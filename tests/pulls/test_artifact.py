"""An artifact is hostile: only a small plain zip of known files, with strict JSON that fits the event, is a result."""

import contextlib
import io
import json
import warnings
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contest.cards import make_card

from flowleague.pulls.artifact import LIMITS, ZIP_LIMIT, read_artifact, write_outcome
from flowleague.pulls.event import Pull, PullError
from flowleague.scorecard.card import to_json
from flowleague.scorecard.pictures import Specimens

PULL = Pull(12, "a" * 40, "main", 11, "ada", False, datetime(2026, 10, 9, tzinfo=UTC))
OUTCOME = {"pull": 12, "head": "a" * 40, "end": "measured", "sentence": ""}
FILES = {"outcome.json": json.dumps(OUTCOME).encode(), "scorecard.json": to_json(make_card("x"))}

PICTURES = Specimens()
PICTURES.draw_samples(np.zeros((64, 1, 28, 28), np.float32), np.ones((16, 1, 28, 28), np.float32))


def zip_of(*files, compression=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, raw in files:
            archive.writestr(name, raw)
    return buffer.getvalue()


def changed(name: str, raw: bytes) -> bytes:
    return zip_of(*(FILES | {name: raw}).items())


def outcome(**changes) -> bytes:
    return changed("outcome.json", json.dumps(OUTCOME | changes).encode())


def test_what_is_right_is_read():
    result = read_artifact(
        zip_of(*FILES.items(), ("report.zip", b"<b>"), ("scorecard.said.txt", b"::set-output")), PULL
    )
    assert result.outcome.end == "measured"
    assert result.card == make_card("x")


def test_pictures_as_the_judge_draws_them_are_read():
    drawn = {f"{name}.png": raw for name, raw in PICTURES.drawn.items()}
    assert read_artifact(zip_of(*FILES.items(), *drawn.items()), PULL).pictures == PICTURES.drawn


def test_what_is_written_is_read(tmp_path):
    write_outcome(tmp_path, PULL, "failed", "line\nend \x1b[31m ::set-output" + "x" * 5000)
    result = read_artifact(zip_of(("outcome.json", (tmp_path / "outcome.json").read_bytes())), PULL)
    assert result.card is None
    assert result.outcome.sentence.startswith("line end ?[31m ::set-output")


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("scorecard.json")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "too short"),
        (b"<html>", "too short"),
        (b"PK" * 100, "no zip"),
        (b"x" + zip_of(*FILES.items()), "something beside"),
        (zip_of(*FILES.items()) + b"x", "no zip"),
        (zip_of(*FILES.items(), ("../../outcome.json", b"{}")), "is foreign"),
        (zip_of(*FILES.items(), ("/etc/passwd", b"x")), "is foreign"),
        (zip_of(*FILES.items(), ("folder/", b"")), "is foreign"),
        (zip_of(*FILES.items(), ("outcome.json", b"{}")), "there twice"),
        (zip_of(*((f"{n}.json", b"") for n in range(100))), "100 members"),
        (zip_of(*FILES.items(), compression=zipfile.ZIP_BZIP2), "neither stored nor deflated"),
        (changed("scorecard.json", b" " * (LIMITS["scorecard.json"] + 1)), "is larger than"),
        (changed("report.zip", b"\0" * (LIMITS["report.zip"] - 1)), "100-fold"),
        (zip_of(("outcome.json", FILES["outcome.json"]), (link(), b"/etc/passwd")), "not a scorecard"),
        (zip_of(("scorecard.json", FILES["scorecard.json"])), "holds no outcome.json"),
        (zip_of(("outcome.json", FILES["outcome.json"])), "holds no scorecard.json"),
        (changed("outcome.json", b'{"pull": 12, "pull": 13}'), "twice"),
        (changed("outcome.json", b"[" * 9000), "cannot be used"),
        (changed("outcome.json", b"\xff{}"), "not UTF-8"),
        (outcome(pull=13), "another commit or pull request"),
        (outcome(head="b" * 40), "another commit or pull request"),
        (outcome(head="--help"), "cannot be used"),
        (outcome(pull=True), "cannot be used"),
        (outcome(end="approved"), "cannot be used"),
        (outcome(place=1), "cannot be used"),
        (outcome(sentence="x" * 2000), "cannot be used"),
        (outcome(sentence="a\n::add-mask::b"), "cannot be used"),
        (changed("scorecard.json", b"{}"), "not a scorecard"),
        (changed("samples.png", PICTURES.drawn["nearest"]), "no picture of samples"),
        (changed("nearest.png", b"<svg onload=alert(1)>"), "no picture of nearest"),
        (changed("samples.png", b"\0" * 64_001), "is larger than"),
        (
            changed("scorecard.json", FILES["scorecard.json"].replace(b'"mnist"', b'"mnist", "mine": NaN')),
            "not a scorecard",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(raw, why):
    with pytest.raises(PullError, match=why) as refusal:
        read_artifact(raw, PULL)
    assert "\n" not in str(refusal.value)


def test_a_download_that_was_cut_off_at_the_limit_is_too_large():
    with pytest.raises(PullError, match="larger than"):
        read_artifact(b"\0" * (ZIP_LIMIT + 1), PULL)


@given(st.data())
def test_a_damaged_artifact_is_read_or_refused_and_nothing_else(data):
    raw = bytearray(zip_of(*FILES.items()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PullError):
        assert read_artifact(bytes(raw), PULL).outcome.head == PULL.head
