"""Numbers and lists as text: text.py and text.js against one table of cases, and against each other."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague import text
from flowleague.text import listed, number, numbers, ordinal, probability

SCRIPT = Path(text.__file__).with_suffix(".js")
CASES = json.loads(Path(__file__).with_name("text_cases.json").read_text(encoding="utf-8"))
RUN = """
require("vm").runInThisContext(require("fs").readFileSync(process.argv[1], "utf8"));
const calls = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(calls.map(([name, ...given]) => ({ number, figure, short, percent })[name](...given))));
"""


def in_node(calls: list[list]) -> list[str]:
    done = subprocess.run(
        ["node", "-e", RUN, str(SCRIPT)], input=json.dumps(calls), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_python_and_javascript_write_every_case_alike():
    calls = [[name, *values] for name, cases in CASES.items() for *values, _ in cases]
    wanted = [text for cases in CASES.values() for *_, text in cases]
    assert [getattr(text, name)(*values) for name, *values in calls] == wanted
    assert in_node(calls) == wanted


def test_any_figure_is_written_alike():
    random = np.random.default_rng(0)
    sizes = random.choice([-1.0, 1.0], 2000) * random.random(2000) * 10.0 ** random.uniform(-12, 17, 2000)
    values = [0.0, -0.0, *sizes.tolist(), *(k / 2048 for k in range(0, 4096, 7))]  # with many exact halves
    errors = (10.0 ** random.uniform(-13, 6, len(values))).tolist()
    calls = [call for v, e in zip(values, errors, strict=True) for call in (["number", v], ["figure", v, e])]
    assert in_node(calls) == [getattr(text, name)(*values) for name, *values in calls]


@pytest.mark.parametrize(
    ("n", "wanted"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (112, "112th"),
     (1001, "1,001st")],
)  # fmt: skip
def test_ordinals(n, wanted):
    assert ordinal(n) == wanted


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_unequal_values_never_look_equal(a, b):
    x, y = numbers(a, b)
    assert (x == y) == (a == b)


def test_numbers_are_short_where_they_may_be():
    assert numbers(0.123456, 0.2) == ["0.1235", "0.2"]
    assert numbers(0.1234561, 0.1234562) == ["0.1234561", "0.1234562"]
    assert numbers(169905.0) == ["169,905"]
    assert numbers(0.0, -0.0) == ["0", "0"]
    assert number(float("-inf")) == "−inf"


def test_lists_and_probabilities():
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]
    assert listed("abcde", 3) == "a, b and 3 others"
    assert [probability(p).replace("\u00a0", " ") for p in (0.0, 0.123, 1.0)] == ["< 0.1 %", "12.3 %", "> 99.9 %"]
