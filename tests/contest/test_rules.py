"""Rules read from contest.toml: the assignment's as they are, and every fault with its line."""

import contextlib
import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.contest.folder import template
from flowleague.contest.rules import parse_rules, read_rules
from flowleague.contest.toml import RulesError, line_of

OPENS, CLOSES = datetime(2026, 10, 8), datetime(2026, 10, 12, 17, 30)
TEXT = template("A class", "mnist", "America/Chicago", OPENS, CLOSES)


def test_the_defaults_are_the_assignments():
    rules = parse_rules(TEXT)
    assert [category.name for category in rules.categories] == [
        "reconstruction",
        "consistency",
        "quality",
        "diversity",
        "efficiency",
        "training_performance",
    ]
    assert rules.time.closes == datetime(2026, 10, 12, 22, 30, tzinfo=UTC)  # daylight saving: five hours behind
    assert (rules.entries.team_size, rules.entries.latent_size) == ((1, 3), (3, 49))
    assert (rules.ranking.scheme, rules.ranking.ties) == ("ranks", "analysis")
    assert rules.awards.sustainable_ai is not None
    assert rules.awards.sustainable_ai.datasets == ("mnist",)


@pytest.mark.parametrize("line", ['scheme = "categories"', ""])
def test_rules_from_before_the_whole_ranks_keep_their_meaning(line):
    assert parse_rules(TEXT.replace('scheme = "ranks"', line)).ranking.scheme == "mean ranks"


def test_fashion_mnist_is_the_change_of_one_line():
    changed = TEXT.replace('dataset = "mnist"', 'dataset = "fashion-mnist"')
    assert sum(a != b for a, b in zip(TEXT.splitlines(), changed.splitlines(), strict=True)) == 1
    rules = parse_rules(changed)
    assert rules.dataset == "fashion-mnist"
    assert rules.awards.sustainable_ai is not None
    assert rules.awards.sustainable_ai.datasets == ("fashion-mnist",)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('code = "shown"', 'code = "capture"', "must be one of: ranked, shown, refused"),
        ('scheme = "ranks"', 'scheme = "sum"', "must be one of: ranks, mean ranks, columns"),
        ('mse = "lower"', 'mse = "higher"', "is better when it is lower"),
        ('mse = "lower"', "mse = 3", '"lower" or "higher"'),
        ('ssim = "higher"', 'simm = "higher"', "has no metric 'simm'"),
        ("closes = 2026-10-12", "closes = 2025-10-12", "closes before it opens"),
        ("closes = 2026-10-12T17:30:00", "closes = 2027-03-14T02:30:00", "does not exist in America/Chicago"),
        ("per_day = 10", 'per_day = "ten"', "entries.per_day cannot be used"),
        ("latent_size = [3, 49]", "latent_size = [49, 3]", "from 49 down to 3"),
        ("latent_size = [3, 49]", "latent_size = [3, 785]", "compress nothing"),
        ("latent_size = [3, 49]", "latent_size = [0, 49]", "latent_size"),
        ('dataset = "mnist"', 'dataset = "mnits"', "no data set 'mnits'"),
        ("[entries]", "[entrees]", "no rule 'entrees'"),
        ("hours = 12.0", "hours =", "not TOML"),
        ("hours = 12.0", "hours = -1", "hours cannot be used"),
        ('zone = "America/Chicago"', 'zone = "../../etc/passwd"', "no time zone"),
        ('"quality.confidence_gap" = 0.15', '"quality.charm" = 0.15', "no metric 'quality.charm'"),
        ('"quality.confidence_gap" = 0.15', '"quality.confidence_gap" = nan', "must be a number"),
        ('"quality.confidence_gap" = 0.15', '"quality.confidence_gap" = inf', "must be a number"),
        ('"quality.confidence_gap" = 0.15', '"quality.confidence_gap" = true', "must be a number"),
        ('"quality.confidence_gap" = 0.15', '"quality.confidence" = 0.15', "no better direction"),
        ('count = "efficiency.tensors_total"', 'count = "size"', "no metric 'size'"),
        ("[categories.reconstruction]", "[categories.beauty]", "no category 'beauty'"),
        ("memory_mib = 4096", "memory_mib = 0", "memory_mib"),
        ("call_seconds = 120", "cal_seconds = 120", "cal_seconds"),
    ],
)
def test_a_fault_is_told_with_its_line(old, new, word):
    changed = TEXT.replace(old, new, 1)
    number = next(n for n, line in enumerate(changed.splitlines(), 1) if new in line)
    with pytest.raises(RulesError, match=rf"^contest.toml, line {number}: ") as caught:
        parse_rules(changed)
    assert word in str(caught.value)


def test_a_missing_line_is_told_with_its_table():
    number = next(n for n, line in enumerate(TEXT.splitlines(), 1) if line.startswith("[time]"))
    with pytest.raises(RulesError, match=rf"line {number}: \[time\] does not say zone"):
        parse_rules(TEXT.replace('zone = "America/Chicago"\n', ""))
    with pytest.raises(RulesError, match=r"line 1: the file does not say name"):
        parse_rules("dataset = 'mnist'")


def test_a_value_of_several_lines_is_found_where_it_begins():
    text = "a = 1\n\n# why\nb = [\n  1,\n  2,\n]\n[c]\nd = 1\n"
    assert line_of(text, ("b", 1)) == 4
    assert line_of(text, ("c", "d")) == 9
    assert line_of(text, ("c", "nothing")) == 8


@given(st.text(max_size=200))
def test_anything_is_rules_or_one_sentence(text):
    with pytest.raises(RulesError) as caught:
        parse_rules(text)
    assert caught.value.args[0]


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_a_wrong_character_is_harmless_or_one_sentence(place, character):
    changed = TEXT[:place] + character + TEXT[place + 1 :]
    with contextlib.suppress(RulesError):
        assert parse_rules(changed).categories


def test_a_folder_without_rules_and_rules_that_are_no_text(tmp_path):
    with pytest.raises(RulesError, match="There is no contest in"):
        read_rules(tmp_path)
    (tmp_path / "contest.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match="UTF-8"):
        read_rules(tmp_path)


def test_the_template_is_plain_toml():
    assert tomllib.loads(TEXT)["name"] == "A class"
