import json
import math
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.cli.tables import print_scorecard
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule
from flowleague.scorecard.card import (
    NOT_MEASURED,
    Category,
    Hardware,
    Metric,
    Scorecard,
    ScorecardError,
    Timing,
    json_schema,
    parse_scorecard,
    read_scorecard,
    rounded,
    to_json,
    write_scorecard,
)
from flowleague.scorecard.metrics import CATEGORIES, METRICS
from flowleague.shipped import scorecard

TIMED = ("time_ratio", "time_per_image")


def metric(kind, value=0.5):
    return Metric(name=kind.name, value=value, standard_error=0.01, n=10, unit=kind.unit, direction=kind.direction)


@pytest.fixture
def card():
    plain = [
        Category(name=c.name, title=c.title, metrics=tuple(metric(k) for k in c.metrics if k.name not in TIMED))
        for c in CATEGORIES
    ]
    timed = tuple(metric(METRICS[f"efficiency.{name}"]) for name in TIMED)
    return Scorecard(
        schema_version=2,
        evaluator="flowleague-0.1.0",
        plan="full",
        name="Ünïcode's “team”",
        dataset="mnist",
        data_sha256={"train": "0" * 64},
        latent_size=16,
        seeds=(1, 2),
        judges=(),
        weights=(),
        hardware=Hardware(machine="x", cores=2, threads=1, python="3", torch="2", numpy="2"),
        categories=tuple(plain),
        findings=(),
        timing=Timing(metrics=timed),
    )


def changed(card, **changes):
    """The card as JSON with the first metric's fields changed."""
    tree = json.loads(to_json(card))
    tree["categories"][0]["metrics"][0] |= changes
    return json.dumps(tree).encode()


def test_a_card_survives_the_file(card, tmp_path):
    write_scorecard(card, tmp_path / "card.json")
    assert read_scorecard(tmp_path / "card.json") == card
    assert to_json(read_scorecard(tmp_path / "card.json")) == (tmp_path / "card.json").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": "0.5"},
        {"value": True},
        {"value": None},
        {"reason": "none"},
        {"standard_error": -1},
        {"n": -1},
        {"n": 1.5},
        {"unit": "parsec"},
        {"direction": "higher"},
        {"name": "ssim"},
        {"name": "../mse"},
        {"name": "mse\n"},
        {"reason": "\x1b[2J"},
        {"repeats": [0.1] * 1000},
        {"detail": {"<b>": 1}},
        {"extra": 1},
    ],
)
def test_a_metric_that_lies_is_refused(card, change):
    with pytest.raises(ScorecardError):
        parse_scorecard(changed(card, **change))


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"{}", b"[" * 100_000, b"\xff\xfe", b'{"schema_version": 2}', b" " * 5_000_000]
)
def test_what_is_no_scorecard_is_refused_in_a_sentence(raw):
    with pytest.raises(ScorecardError) as refusal:
        parse_scorecard(raw)
    assert str(refusal.value).count("\n") == 0


def of_another_version(card):
    """The card without its first metric, and with one that nobody knows here."""
    tree = json.loads(to_json(card))
    first, *others = tree["categories"][0]["metrics"]
    tree["categories"][0]["metrics"] = [*others, first | {"name": "sharpness", "unit": "1"}]
    return json.dumps(tree).encode()


def test_a_card_with_one_metric_less_and_one_more_reads(card):
    read = parse_scorecard(of_another_version(card))
    found = read.metrics()
    assert (card.lacking(), read.lacking()) == ([], ["reconstruction.mse"])
    assert list(found) == list(METRICS)
    assert (found["reconstruction.mse"].value, found["reconstruction.mse"].reason) == (None, NOT_MEASURED)
    assert found["reconstruction.ssim"].value == 0.5
    assert b"sharpness" in to_json(read)  # kept, and ignored
    print_scorecard(read)


def test_a_card_that_lacks_a_metric_ranks_last_in_it_alone(card):
    def entry(team, card):
        metrics = {name: Measured(m.value, m.standard_error or 0.0) for name, m in card.metrics().items()}
        return Entry(team, team, metrics)

    names = ("mse", "ssim")
    assert [METRICS[f"reconstruction.{name}"].direction for name in names] == ["lower", "higher"]
    rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"), MetricRule("ssim", "higher")))]
    old, new = entry("old", parse_scorecard(of_another_version(card))), entry("new", card)
    ranks = {row.entry.id: row.metric_ranks for row in rank([old, new], rules).rows}
    assert ranks["old"] == {"reconstruction.mse": 2, "reconstruction.ssim": 1}
    assert ranks["new"] == {"reconstruction.mse": 1, "reconstruction.ssim": 1}
    unranked = rank([old, new], [CategoryRule("reconstruction", rules[0].metrics[1:])])
    assert [row.place for row in unranked.rows] == [1, 1]


def test_a_metric_given_twice_is_refused(card):
    tree = json.loads(to_json(card))
    tree["categories"][0]["metrics"] *= 2
    with pytest.raises(ScorecardError, match=r"reconstruction\.mse is given twice"):
        parse_scorecard(json.dumps(tree).encode())


def test_a_number_too_large_for_a_float_is_refused(card):
    with pytest.raises(ScorecardError):
        parse_scorecard(to_json(card).replace(b"0.5", b"1e999", 1))


@given(st.data())
def test_no_damage_escapes_as_another_error(data):
    kinds = [METRICS["reconstruction.mse"]]
    raw = bytearray(msgspec.json.encode([metric(kind) for kind in kinds]))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with pytest.raises(ScorecardError):
        parse_scorecard(bytes(raw))


def test_a_missing_file_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ScorecardError, match="cannot be read"):
        read_scorecard(tmp_path / "none.json")


def test_the_json_schema_names_every_field(card):
    schema = json_schema()
    assert set(schema["$defs"]["Scorecard"]["properties"]) == set(json.loads(to_json(card)))
    assert schema["$defs"]["Metric"]["additionalProperties"] is False


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_keeps_nine_digits_and_is_stable(x):
    assert rounded(x) == pytest.approx(x, rel=1e-8)
    assert rounded(rounded(x)) == rounded(x)


def test_the_schema_and_the_catalogue_need_no_torch():
    code = "import sys, flowleague.judge, flowleague.scorecard.card; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("metric", "changes", "word"),
    [
        ("mse", {"value": -1e29, "repeats": []}, "reconstruction.mse is -1e\\+29"),
        ("ssim", {"value": 1e29, "repeats": []}, "reconstruction.ssim is 1e\\+29"),
        ("mse", {"value": 0.002, "repeats": [0.5, 0.5]}, "the mean of its repeats 0.5"),
    ],
)
def test_a_value_that_cannot_be_is_refused(metric, changes, word):
    tree = msgspec.json.decode(scorecard("base").read_bytes())
    (found,) = [m for m in tree["categories"][0]["metrics"] if m["name"] == metric]
    found |= changes
    with pytest.raises(ScorecardError, match=word):
        parse_scorecard(msgspec.json.encode(tree))


@pytest.mark.parametrize(
    ("metric", "change", "word"),
    [
        ("weight_bytes", 1000, "hold [0-9]{3},[0-9]{3} bytes"),
        ("weight_bytes", -1000, "hold [0-9]{3},[0-9]{3} bytes"),
        ("tensors_total", -1000, "hold [0-9,]+ numbers"),
        ("tensors_total", 1000, ""),  # of its programs, which may hold more
    ],
)
def test_sizes_agree_with_the_weight_files(metric, change, word):
    tree = msgspec.json.decode(scorecard("base").read_bytes())
    (found,) = [m for group in tree["categories"] for m in group["metrics"] if m["name"] == metric]
    found["value"] += change
    if not word:
        parse_scorecard(msgspec.json.encode(tree))
        return
    with pytest.raises(ScorecardError, match=word):
        parse_scorecard(msgspec.json.encode(tree))


def test_every_metric_has_a_domain_and_its_reference_lies_in_it():
    card = read_scorecard(scorecard("base"))
    for name, metric in card.metrics().items():
        low, high = METRICS[name].domain
        assert low > -2
        assert high == math.inf or high < 1.01
        assert metric.reference is None or low <= metric.reference <= high
