import time

import numpy as np

from flowleague.entrant.model import Facts, Model
from flowleague.judge.checked import CheckedModel
from flowleague.judge.timing import in_turns, reference_workload, take_turns


def test_turns_alternate_after_a_warm_up_of_both():
    calls = []
    turns = in_turns(lambda: calls.append("model"), lambda: calls.append("reference"), 3)
    assert calls == ["model", "reference"] * 4
    assert len(turns) == 3


def test_seconds_are_wall_time():
    turns = in_turns(lambda: time.sleep(0.02), lambda: None, 3)
    assert all(turn.model >= 0.02 for turn in turns)  # without any of the processor's
    assert min(turn.reference for turn in turns) < 0.02


def test_the_reference_workload_is_the_same_work_every_time():
    assert reference_workload()().equal(reference_workload()())


def test_what_is_kept_from_an_earlier_call_saves_no_time():
    kept, missed = {}, []

    def generate(n, seed):
        if (n, seed) not in kept:
            missed.append(seed)
            kept[n, seed] = np.zeros((n, 1, 28, 28), np.float32)
        return kept[n, seed]

    nothing = np.zeros_like
    take_turns(CheckedModel(Model(nothing, nothing, generate, Facts())), 2, 5)
    assert len(missed) == 6  # one of them to warm up
    assert len(set(missed)) == 6
