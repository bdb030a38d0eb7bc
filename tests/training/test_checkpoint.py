"""A snapshot is read whole or not at all."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowleague.training.checkpoint import (
    FINISHED,
    Checkpoint,
    named_progress,
    progress_of,
    read_snapshot,
    take_snapshot,
)
from flowleague.training.checkpoint import snapshot_name as name_of

FILES = {"config.json": b"{}", "training.jsonl": b"one\ntwo\n", "checkpoint.pt": b"\x80 weights" * 20}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_it_holds_the_run_and_of_the_log_what_the_checkpoint_knows(run: Path) -> None:
    files = read_snapshot(take_snapshot(run, Checkpoint(log_bytes=4))) or {}
    assert files == FILES | {"training.jsonl": b"one\n"}
    assert [*files][-1] == "checkpoint.pt"  # put back last
    left = {f"{name}.safetensors": name.encode() for name in ("vae", "flow", "critic")}  # by earlier stages
    for name, content in left.items():
        (run / name).write_bytes(content)
    assert read_snapshot(take_snapshot(run, Checkpoint("tune", log_bytes=8))) == FILES | left


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(share=st.floats(0, 1, exclude_max=True), junk=st.binary(max_size=40))
def test_a_torn_copy_is_none(run: Path, share: float, junk: bytes) -> None:
    whole = take_snapshot(run, Checkpoint(log_bytes=8))
    cut = int(share * len(whole))
    assert read_snapshot(whole[:cut]) is None
    assert read_snapshot(junk) is None
    zeros = read_snapshot(whole[:cut] + bytes(len(whole) - cut))  # a file system that fills up with zeros,
    assert zeros in (None, FILES)  # as the last bytes are anyway


@given(step=st.integers(0, 10**9 - 1), stage=st.sampled_from(["vae", "flow", "critic", "tune", "end"]))
def test_the_name_says_how_far_it_is(step: int, stage: str) -> None:
    checkpoint = Checkpoint(stage, {"step": step})
    assert named_progress(name_of("my.run-1", checkpoint), "my.run-1") == progress_of(checkpoint)
    assert named_progress(name_of("my.run-1", checkpoint), "run-1") is None
    assert progress_of(checkpoint) < FINISHED


def test_the_flow_is_further_than_the_vae() -> None:
    assert progress_of(Checkpoint()) < progress_of(Checkpoint("vae", {"step": 9})) < progress_of(Checkpoint("flow"))
