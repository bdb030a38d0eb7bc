"""What is generated from the metrics' rows and the card's structs: docs/metrics.md and scorecard.schema.json.

    python -m flowleague.scorecard.publish       in a checkout, after a metric or a field of the card has changed

The head of docs/metrics.md, down to `MARK`, is written by hand.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from flowleague.scorecard.card import json_schema
from flowleague.scorecard.metrics import CATEGORIES
from flowleague.scorecard.metrics._base import IMAGES, CategoryKind, MetricKind

_SCHEMA = Path(__file__).parent / "scorecard.schema.json"
PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
MARK = "<!-- From here on generated: python -m flowleague.scorecard.publish -->\n"
HEAD = "| metric | title | unit | better | beside |\n|---|---|---|---|---|"


def schema() -> str:
    """The JSON Schema of a scorecard as text."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def page(now: str) -> str:
    """docs/metrics.md with its generated part written anew."""
    return now.partition(MARK)[0] + MARK + "".join(f"\n{block}\n" for block in _blocks())


def _blocks() -> Iterator[str]:
    for category in CATEGORIES:
        yield f"## {category.name}"
        yield category.about
        yield "\n".join([HEAD, *(_row(kind) for kind in category.metrics)])
        for names, text in _sections(category):
            yield f"### {', '.join(names)}"
            yield text


def _row(kind: MetricKind) -> str:
    cells = (kind.name, kind.title, kind.unit, kind.direction, kind.reference)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _sections(category: CategoryKind) -> Iterator[tuple[list[str], str]]:
    """The metrics of a category that share a description, and the description."""
    for about in dict.fromkeys(kind.about for kind in category.metrics):
        kinds = [kind for kind in category.metrics if kind.about == about]
        read = {IMAGES.get(kind.given, "") for kind in kinds}
        yield [kind.name for kind in kinds], about.replace("{images}", read.pop() if len(read) == 1 else "the images")


def main() -> None:
    """Write both files."""
    _SCHEMA.write_text(schema(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
