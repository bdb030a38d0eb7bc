"""A part of a machine: limits of control groups, read from files that say what such machines say."""

import os
from pathlib import Path

import pytest

from flowleague import capacity


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in ({"proc/meminfo": "MemTotal: 67108864 kB\nMemAvailable: 33554432 kB\n"} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(autouse=True)
def sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)


GIB = 2**30
# Docker with a namespace of its own; a Slurm job, whose limit is that of a group around it; Docker of version 1, which
# names the path outside; Kubernetes of version 1, where both controllers share a mount
DOCKER = {
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/cpu.max": "350000 100000\n",
    "sys/fs/cgroup/memory.max": f"{6 * GIB}\n",
    "sys/fs/cgroup/memory.current": f"{3 * GIB}\n",
    "sys/fs/cgroup/memory.stat": f"anon {2 * GIB}\ninactive_file {GIB}\nactive_file 0\n",
}
SLURM = {
    "proc/self/cgroup": "0::/system.slice/job_7/step_0/user\n",
    "sys/fs/cgroup/system.slice/job_7/step_0/user/cpu.max": "max 100000\n",
    "sys/fs/cgroup/system.slice/job_7/cpu.max": "200000 100000\n",
    "sys/fs/cgroup/system.slice/job_7/memory.max": f"{2 * GIB}\n",
    "sys/fs/cgroup/system.slice/job_7/memory.current": f"{GIB}\n",
    "sys/fs/cgroup/system.slice/memory.max": "max\n",
}
FIRST = {
    "proc/self/cgroup": "9:memory:/docker/3f9a\n4:cpu,cpuacct:/docker/3f9a\n1:name=systemd:/docker/3f9a\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GIB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GIB}\n",
    "sys/fs/cgroup/memory/memory.stat": "cache 1\ntotal_inactive_file 0\n",
}
FREE = {
    "proc/self/cgroup": "4:memory:/\n1:cpu:/\n0::/\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "12345\n",
}


@pytest.mark.parametrize(
    ("files", "cores", "gib"),
    [(DOCKER, 3, 4), (SLURM, 2, 1), (FIRST, 1, 1), (FREE, 16, 32), ({}, 16, 32)],
    ids=["docker", "slurm", "version 1", "no limit", "no groups"],
)
def test_a_part_of_a_machine_is_what_its_groups_leave(
    files: dict[str, str], cores: int, gib: float, tmp_path: Path
) -> None:
    root = machine(tmp_path, files)
    assert capacity.usable_cores(root) == cores
    assert capacity.has_quota(root) == (cores < 16)
    assert capacity.free_memory_gib(root) == pytest.approx(gib, abs=0.01)


def test_fewer_processors_to_run_on_count_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert capacity.usable_cores(machine(tmp_path, DOCKER)) == 1


def test_a_system_that_says_nothing_has_one_processor_and_some_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert capacity.usable_cores(tmp_path) == 1
    assert capacity.free_memory_gib(tmp_path) == 4
