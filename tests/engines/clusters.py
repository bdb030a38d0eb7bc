"""Clusters for the tests of engines: a Slurm of this machine, and a Ray of two nodes on it."""

import importlib
import os
import subprocess
import tempfile
import warnings
from pathlib import Path

import pytest
from filelock import FileLock

from flowleague.engines.local import Local
from flowleague.engines.ray import Ray
from flowleague.engines.slurm import Slurm

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slurm_cluster():
    """An engine whose queue is a real one, and for this test alone: its machine may die."""
    with FileLock(Path(tempfile.gettempdir()) / "flowleague-slurm.lock"):
        started = subprocess.run([ROOT / "tests/slurm.sh"], capture_output=True, text=True)
        assert started.returncode == 0, started.stderr
        yield Slurm()


@pytest.fixture(scope="module")
def ray_nodes():
    """A cluster of two nodes, each of one processor, for one module: a process has one at a time."""
    os.environ |= {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "300"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = importlib.import_module("ray.cluster_utils").Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        cluster.add_node(num_cpus=1)  # the one that dies
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def ray_cluster(ray_nodes):
    """An engine whose cluster is a real one."""
    yield Ray(ray_nodes.address)
    importlib.import_module("ray").shutdown()


@pytest.fixture(
    params=["local", pytest.param("slurm", marks=pytest.mark.long), pytest.param("ray", marks=pytest.mark.long)]
)
def engine(request):
    """Each engine in turn; clusters in the long tests."""
    if request.param == "local":
        return Local()
    return request.getfixturevalue(f"{request.param}_cluster")
