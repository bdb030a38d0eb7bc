"""The decision table with made-up attempts, and what they say of parameters."""

import pytest
import slicing
import tries
import units
from children import Report

TRAINS = "K = 1\nlog.append(1)\nloss.backward()\nclass SubmissionInterface:\n    v = K"
PLAIN = TRAINS.replace("loss.backward()", "log.append(2)")


def built(outputs="same", weights="w", **rest):
    return Report(built=True, outputs={"encode": outputs}, numbers={"vae.w": [weights, 3]}, **rest)


def decided(text, a, a2=None, b=None, b2=None):
    """What is decided of attempts A, A', B and B'."""
    sliced = slicing.Slice(units.read([text], notebook=True))
    sliced.begin()
    reports = {(False, 0): a, (False, 1): a2 or a, (True, 0): b or a, (True, 1): b2 or b or a}
    decision = tries.decide(sliced, lambda plan, seed, seconds: reports[plan.all, seed], 60.0)
    return decision.refused or ("B" if decision.plan and decision.plan.all else "A"), len(decision.remarks)


FAILS, TIRED = Report(reason="raises", said="X"), Report(reason="late")


@pytest.mark.parametrize(
    ("attempts", "taken"),
    [
        ({"a": built(), "b": built()}, ("A", 0)),
        ({"a": built(), "b": built("other")}, ("B", 1)),
        ({"a": built(), "b": built("other"), "b2": built("third")}, ("A", 1)),
        ({"a": built(), "b": FAILS}, ("A", 1)),
        ({"a": built(), "b": TIRED}, ("A", 1)),
        ({"a": FAILS, "b": built()}, ("B", 1)),
        ({"a": FAILS, "b": FAILS}, ("raises", 0)),
        ({"a": Report(reason="training"), "b": built()}, ("trains_at_load", 0)),
        ({"a": Report(reason="data"), "b": built()}, ("needs_data", 0)),
        ({"a": Report(reason="input"), "b": built()}, ("asks_input", 0)),
        ({"a": Report(reason="wrong", wrong="no_interface", said="s"), "b": FAILS}, ("no_interface", 0)),
        ({"a": Report(reason="ended", said="s"), "b": FAILS}, ("ended", 0)),
        ({"a": Report(reason="memory", said="s"), "b": FAILS}, ("out_of_memory", 0)),
    ],
)
def test_the_table(attempts, taken):
    assert decided(PLAIN, **attempts) == taken


@pytest.mark.parametrize(
    ("text", "attempts", "taken"),
    [
        (TRAINS, {"a": built(), "a2": built(weights="v")}, ("untrained", 0)),
        (PLAIN, {"a": built(), "a2": built(weights="v")}, ("A", 1)),
        (PLAIN, {"a": built(), "a2": built(weights="v"), "b": built(stopped=True)}, ("untrained", 0)),
        (TRAINS, {"a": built(), "b": built(stale={"vae": 3})}, ("trains_at_load", 0)),
        (TRAINS, {"a": built(stale={"vae": 3}), "b": FAILS}, ("trains_at_load", 0)),
    ],
)
def test_untrained_weights_are_refused(text, attempts, taken):
    assert decided(text, **attempts) == taken


def test_b_is_not_tried_where_nothing_that_matters_is_left_out():
    sliced = slicing.Slice(
        units.read(["import a\nL = 2\ndef f(): pass\nclass SubmissionInterface: pass"], notebook=False)
    )
    sliced.begin()
    assert len(sliced.kept) == 1
    assert not tries.worth_trying(sliced)
    asked = []
    tries.decide(sliced, lambda plan, seed, seconds: asked.append((plan.all, seed)) or built(), 60.0)
    assert asked == [(False, 0), (False, 1)]


def test_what_is_missing_is_added_as_long_as_each_turn_adds_something():
    text = "globals().update(K=1)\nL = 3\nclass SubmissionInterface: pass"
    sliced = slicing.Slice(units.read([text], notebook=False))
    sliced.begin()
    reports = iter([Report(reason="name", detail="L"), Report(reason="name", detail="nowhere"), FAILS])
    report, plan = tries._grow(sliced, lambda *rest: next(reports), tries.plan_of(sliced))
    assert report.detail == "nowhere"
    assert plan.kept == 0b110


def test_names_that_the_contest_had_defined_are_given_where_the_file_does_not():
    text = "import numpy as np\nclass SubmissionInterface:\n    def f(self): return np, os, F, gdown"
    sliced = slicing.Slice(units.read([text], notebook=False))
    sliced.begin()
    assert tries.plan_of(sliced).given == ["F", "os", "gdown"]
