"""The coordinator: every training once, whoever dies; the same call goes on; another sweep's folder is refused."""

from statistics import fmean

import pytest
from tests.sweep.stub import MSE, VARY, Stub, make_plan, mse_of

from flowleague.bundle.recipe import quick
from flowleague.errors import SweepError
from flowleague.sweep.coordinator import Coordinator
from flowleague.sweep.plan import alone_with, begin
from flowleague.sweep.space import read_dials
from flowleague.sweep.study import open_study, why_failed


def go_on(folder, engine, trials=6, plan=None):
    """Run a sweep to its end; the study, and what was told."""
    told = []
    with alone_with(folder):
        plan = begin(folder, plan or make_plan())
        study = open_study(folder, plan)
        Coordinator(folder, plan, study, engine).run(trials, told.append)
    return study, told


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sweeps" / "quick"


def test_every_training_happens_once_and_the_mean_over_seeds_is_told(folder):
    engine = Stub()
    study, told = go_on(folder, engine)
    assert sorted(one.trial for one in told) == list(range(6))
    assert set(engine.begun.values()) == {1}
    assert len(engine.begun) == 6 * 2 * 2  # seeds, and steps
    assert engine.most == 2
    assert not list((folder / "jobs").iterdir())
    for trial in study.trials:
        values = {key: str(value) for key, value in trial.params.items()}
        assert trial.values[0] == pytest.approx(fmean(mse_of(values, seed) for seed in (0, 1)), rel=1e-8)
        assert trial.values[1] == 1000 * trial.params["vae.channels"]
        assert 12 <= trial.params["vae.channels"] <= 32
        assert 1e-6 <= trial.params["vae.kl_weight"] <= 1e-4


@pytest.mark.parametrize("at", [1, 2, 5, 9, 14, 20])
def test_an_interrupted_sweep_goes_on_where_it_was(at, folder):
    engine = Stub(interrupt_at=at)
    with pytest.raises(KeyboardInterrupt):
        go_on(folder, engine)
    assert not engine._running
    later = Stub()
    study, _ = go_on(folder, later)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 6
    finished = engine.begun.keys() - engine.cancelled
    assert not finished & later.begun.keys()
    assert len(finished | later.begun.keys()) == 24


def test_what_was_measured_and_not_told_is_told_by_the_next_call(folder):
    study, _ = go_on(folder, Stub(), trials=1)
    asked = study.ask({})  # of which all is on the disk, as if the coordinator had died before it told
    for seed in (0, 1):
        (folder / "runs" / f"0000-seed{seed}").rename(folder / "runs" / f"{asked.number:04d}-seed{seed}")
    engine = Stub()
    study, told = go_on(folder, engine, trials=2)
    assert [one.trial for one in told] == [1]
    assert not engine.begun


def test_more_trials_continue_and_as_many_do_nothing(folder):
    go_on(folder, Stub(), trials=3)
    engine = Stub()
    study, told = go_on(folder, engine, trials=3)
    assert (told, len(study.trials)) == ([], 3)
    study, told = go_on(folder, engine, trials=5)
    assert sorted(one.trial for one in told) == [3, 4]
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 5  # no second beginning of the same draws


def test_a_dead_worker_is_replaced_twice_and_then_its_trial_fails(folder):
    engine = Stub(deaths=2)
    _, told = go_on(folder, engine, trials=1)
    assert told[0].values
    assert {name.rpartition("-")[2] for name in engine.begun} == {"1", "2", "3"}


def test_three_deaths_are_told_as_failed(folder):
    go_on(folder, Stub(), trials=1)
    with pytest.raises(SweepError, match="The first 3 trials all failed"):
        go_on(folder, Stub(deaths=3), trials=9)
    study, _ = go_on(folder, Stub(), trials=5)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "FAIL", "FAIL", "COMPLETE"]
    assert why_failed(study)[1] == "Training with seed 0 was killed 3 times, most likely for its memory."


def test_what_a_training_says_is_the_reason(folder):
    with pytest.raises(SweepError, match="no digits here"):
        go_on(folder, Stub(failing="There are no digits here."))


def test_an_objective_that_was_not_measured_fails_its_trial(folder):
    with pytest.raises(SweepError, match=f"{MSE} was not measured: not reported"):
        go_on(folder, Stub(figures={MSE: None}))


def test_a_card_of_the_test_images_stops_the_sweep(folder):
    with pytest.raises(SweepError, match="not measured on the validation images, by which alone a sweep may choose"):
        go_on(folder, Stub(sha256="c" * 64))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"seeds": (0,)}, "--seeds"),
        ({"budget": 3.0}, "--budget"),
        ({"dials": read_dials(VARY[:1], quick())}, "--vary"),
        ({"evaluator": "flowleague-other"}, "the installed FlowLeague"),
    ],
)
def test_another_sweep_s_folder_is_refused(changes, word, folder):
    begin(folder, make_plan())
    with pytest.raises(SweepError, match=f"holds another sweep: {word} differ"):
        begin(folder, make_plan(**changes))


def test_a_folder_of_other_things_is_refused_and_a_second_coordinator_too(folder):
    folder.mkdir(parents=True)
    (folder / "notes.txt").touch()
    with pytest.raises(SweepError, match="holds something that is no sweep"):
        begin(folder, make_plan())
    with alone_with(folder), pytest.raises(SweepError, match="Another process runs the sweep"), alone_with(folder):
        pass


def test_half_a_line_and_a_lock_of_a_killed_coordinator_are_mended(folder):
    go_on(folder, Stub(), trials=2)
    journal = folder / "journal.log"
    journal.write_bytes(journal.read_bytes() + b'{"op_code":4,"wor')
    journal.with_name("journal.log.lock").symlink_to("journal.log")
    study, _ = go_on(folder, Stub(), trials=3)
    assert len(study.trials) == 3


def test_a_recipe_file_is_kept_as_it_was(folder, tmp_path):
    own = tmp_path / "my.toml"
    own.write_text('base = "quick"\n')
    plan = begin(folder, make_plan(recipe=str(own)))
    own.write_text('base = "tiny"\n')
    assert (folder / plan.file).read_text() == 'base = "quick"\n'
