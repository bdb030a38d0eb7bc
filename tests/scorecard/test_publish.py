"""The files that are generated from rows and structs are current, and every row says what it must."""

import re
from importlib import resources

import pytest

from flowleague.scorecard.metrics import METRICS
from flowleague.scorecard.publish import PAGE, page, schema

HINT = "a metric or the card has changed; write both files again: python -m flowleague.scorecard.publish"


def test_the_published_schema_is_the_code_s():
    published = resources.files("flowleague.scorecard").joinpath("scorecard.schema.json").read_text(encoding="utf-8")
    assert published == schema(), HINT


def test_the_page_of_the_metrics_is_the_rows():
    now = PAGE.read_text(encoding="utf-8")
    assert page(now) == now, HINT
    rows = [line.split(" | ")[0].removeprefix("| ") for line in now.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row != "metric"] == [name.partition(".")[2] for name in METRICS]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_means_and_why_and_how_it_could_be_gamed(name):
    about = METRICS[name].about
    words = {word.strip().lower() for mark in re.findall(r"\*([^*]+):\*", about) for word in mark.split(",")}
    assert {"why", "gaming"} <= words <= {"why", "noise", "gaming"}
    assert METRICS[name].meaning.endswith(".")
    assert "{" not in METRICS[name].meaning
