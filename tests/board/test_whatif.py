"""The page's own ranking against the league's, in node, over random fields and every kind of change."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, METRICS, fields

from flowleague import board
from flowleague.board.figures import valid
from flowleague.ranking.field import field
from flowleague.ranking.rank import Row, rank, rank_by
from flowleague.ranking.schemes import columns, table

WHATIF = Path(board.__file__).parent / "site/whatif.js"
SEVEN = METRICS[1:4]  # stand for the columns of 2025: some of the metrics, across categories
RUN = """
require("vm").runInThisContext(require("fs").readFileSync(process.argv[1], "utf8"));
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [data, change] = JSON.parse(line);
  const asked = { scheme: change.scheme, categories: new Set(change.categories), teams: new Set(change.teams) };
  console.log(JSON.stringify(rankUnder(data, asked)));
});
"""
changes = st.tuples(
    st.sampled_from(("rules", "ranks", "mean ranks", "columns", "seven")),
    st.sets(st.integers(0, 2), max_size=2),
    st.sets(st.integers(0, 2), max_size=2),
    st.sampled_from(("ranks", "mean ranks", "columns")),
    st.booleans(),
)


def page_data(entries, scheme) -> dict:
    numbers = {rule.name: k for k, rule in enumerate(CATEGORIES)}
    metrics = [
        {
            "name": name,
            "lower": direction == "lower",
            "category": numbers[name.split(".")[0]],
            "ranked": True,
            "values": [valid(entry.metrics[name]) for entry in entries],
        }
        for name, direction in METRICS
    ]
    marks = field(entries, table(CATEGORIES)).marks.tolist()
    baselines = [i for i, entry in enumerate(entries) if entry.baseline]
    seven = [[name, direction == "lower"] for name, direction in SEVEN]
    return {"scheme": scheme, "metrics": metrics, "marks": marks, "baselines": baselines, "seven": seven}


def league_rows(entries, scheme, without, own) -> dict[str, Row]:
    left = [rule for k, rule in enumerate(CATEGORIES) if k not in without]
    if scheme == "seven":
        names = {rule.name for rule in left}
        rows = rank_by(entries, columns((name, d) for name, d in SEVEN if name.split(".")[0] in names)).rows
    else:
        rows = rank(entries, left, own if scheme == "rules" else scheme).rows
    return {row.entry.id: row for row in rows}


@pytest.fixture(scope="module")
def page():
    """Asks the page's script, in one node for all cases."""
    node = shutil.which("node")
    assert node, "node is needed, as it is for pyright"
    with subprocess.Popen([node, "-e", RUN, str(WHATIF)], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        sent, said = process.stdin, process.stdout

        def ask(data: dict, change: dict) -> dict:
            sent.write(json.dumps([data, change]) + "\n")
            sent.flush()
            return json.loads(said.readline())

        yield ask
        sent.close()


@given(fields(least=4), changes)
def test_the_page_ranks_as_the_league_does(page, entries, how):
    scheme, without, gone, own, with_baseline = how
    without = without - {0} if scheme == "seven" else without
    if with_baseline:
        entries = [*entries[:-1], replace(entries[-1], baseline=True)]
    change = {"scheme": scheme, "categories": sorted(without), "teams": sorted(gone)}
    said = page(page_data(entries, own), change)
    kept = [entry for i, entry in enumerate(entries) if i not in gone]
    rows = league_rows(kept, scheme, without, own)
    for i, entry in enumerate(entries):
        row = rows.get(entry.id)
        assert said["place"][i] == (row and row.place)
        assert said["score"][i] == (row and row.score)
        assert said["ranks"][i] == (row and list(row.category_ranks.values()))
