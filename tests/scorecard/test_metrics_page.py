"""The page of the metrics describes all that are measured, and nothing else."""

import re
from pathlib import Path

from flowleague.scorecard.catalogue import CATALOGUE

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


def described() -> dict[str, list[str]]:
    """The metrics that the page has a section for, by category."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    found = {
        title: re.findall(r"^### (.+)$", text, re.MULTILINE)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {
        title: [name for names in headings for name in names.split(", ")]
        for title, headings in found.items()
        if headings
    }


def test_every_metric_has_its_section_and_none_else() -> None:
    assert {name: sorted(metrics) for name, metrics in described().items()} == {
        category.name: sorted(metric.name for metric in category.metrics) for category in CATALOGUE
    }


def test_every_section_says_why_how_noisy_and_how_it_could_be_gamed() -> None:
    for section in re.split(r"^##+ ", PAGE, flags=re.MULTILINE):
        head = section.split("\n", 1)[0]
        if any(metric.name in head.split(", ") for category in CATALOGUE for metric in category.metrics):
            words = {word.strip().lower() for mark in re.findall(r"\*([^*]+):\*", section) for word in mark.split(",")}
            assert {"why", "noise", "gaming"} <= words, head
