"""Notebooks whose meaning is easy to miss: built right or refused, never built wrong."""

import pytest
from tests.cases.bulk import trial
from tests.cases.run import outcomes, own_cases, write_notebook

QUICK = (
    "late-future-and-await",
    "trained-then-loaded",
    "saved-after-training-constant",
    "hard-coded-gpu",
    "dataset-unneeded",
    "loaded-from-drive",
    "ema-of-global-model",
    "ema-only-trained",
    "colab-export.py",
)


def wrong(cases):
    return [(case.name, came.came) for case, came in zip(cases, outcomes(cases), strict=True) if not came.right]


def test_some_cases(tmp_path):
    assert wrong([case for case in own_cases(tmp_path) if case.name in QUICK]) == []


@pytest.mark.long
def test_all_cases(tmp_path):
    cases = list(own_cases(tmp_path))
    assert len(cases) >= 90
    assert wrong(cases) == []


def test_the_bulk_trial_counts_what_compiles(tmp_path):
    texts = {"plain": "x = 1", "magic": "%time x = 1\n!ls\npip install x", "broken": "q = # your code", "empty": " "}
    for name, text in texts.items():
        write_notebook(tmp_path / f"{name}.ipynb", [text])
    assert trial(tmp_path) == {"notebooks": 3, "here": 2, "jupytext": 1, "missed": 0, "empty": 1}
