"""A sweep's jobs as processes: on this machine, in a queue of Slurm, and on a cluster of Ray."""

import sys

import pytest
from tests.contest.conftest import ROOT
from tests.engines.clusters import ray_cluster, ray_nodes, slurm_cluster  # noqa: F401 - fixtures
from tests.sweep.stub import make_plan
from tests.sweep.test_coordinator import go_on

from flowleague.engines.local import Local
from flowleague.sweep import runs


@pytest.mark.parametrize(
    ("engine", "trials"),
    [
        ("local", 2),
        pytest.param("slurm", 2, marks=pytest.mark.long),
        pytest.param("ray", 8, marks=pytest.mark.long),
    ],
)
def test_a_sweep_runs_on_an_engine_though_a_job_is_killed(engine, trials, request, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(runs, "_FLOWLEAGUE", (sys.executable, "-m", "tests.sweep.trainer"))
    where = Local() if engine == "local" else request.getfixturevalue(f"{engine}_cluster")
    study, told = go_on(tmp_path / "sweep", where, trials=trials, plan=make_plan(seeds=(0,)))
    assert sorted(one.trial for one in told) == list(range(trials))
    assert [trial.values[1] for trial in study.trials] == [
        1000 * trial.params["vae.channels"] for trial in study.trials
    ]
    assert (tmp_path / "sweep" / "runs" / "died").exists()
    assert not list((tmp_path / "sweep" / "jobs").iterdir())
