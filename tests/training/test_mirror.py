"""The second home of a run: what arrives there, what does not, and that the training never minds."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.training.tiny import TINY, tiny_recipe

from flowleague.bundle.read import read_bundle
from flowleague.data import TrainingData
from flowleague.errors import OutputError, TrainingError
from flowleague.training import mirror as module
from flowleague.training.checkpoint import Checkpoint, write_checkpoint
from flowleague.training.mirror import PARTIAL, Mirror, write_verified
from flowleague.training.train import train


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    (tmp_path / "drive").mkdir()
    return tmp_path / "drive"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def open_mirror(drive: Path, told: list[str]) -> Callable[[], Mirror]:
    return lambda: Mirror(drive, "run", told.append, every=0.0)


@pytest.fixture
def finish(tmp_path: Path, few_digits: TrainingData, open_mirror: Callable[[], Mirror]) -> Callable[..., Path]:
    """Train the tiny run to its end, with a checkpoint after every few steps and a copy of each."""

    def call(name: str = "run", **options) -> Path:
        folder, mirror = tmp_path / name / "run", options.pop("mirror", None) or open_mirror()
        for _ in train(tiny_recipe(), folder, few_digits, checkpoint_every=0.0, mirror=mirror, **options):
            pass
        return folder

    return call


@pytest.fixture
def cut_off(tmp_path: Path, few_digits: TrainingData, open_mirror: Callable[[], Mirror]) -> Callable[[int], Path]:
    """Stop a training after some reports, when all copies have arrived, and lose its folder."""

    def call(reports: int) -> Path:
        mirror = open_mirror()
        run = train(tiny_recipe(), tmp_path / "run", few_digits, checkpoint_every=0.0, mirror=mirror)
        for _ in range(reports):
            next(run)
            wait(mirror)
        del run  # closes the generator
        shutil.move(tmp_path / "run", tmp_path / "lost")
        return tmp_path / "run"

    return call


def wait(mirror: Mirror) -> None:
    with mirror._change:
        assert mirror._change.wait_for(lambda: mirror._waiting is None, 60)


def weights(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("vae.safetensors", "flow.safetensors")]


def test_the_bundle_arrives_and_nothing_else_stays(
    finish: Callable[..., Path], drive: Path, bundle: Path, told: list[str]
) -> None:
    folder = finish()
    assert [path.name for path in drive.iterdir()] == ["run.zip"]
    assert (drive / "run.zip").read_bytes() == folder.with_name("run.zip").read_bytes()
    assert read_bundle(drive / "run.zip").sha256 == read_bundle(bundle).sha256
    assert told == []


# In the first stage, and in the second
@pytest.mark.parametrize("reports", [pytest.param(2, marks=pytest.mark.long), 40])
def test_a_session_that_was_cut_off_goes_on_from_the_copy(
    reports: int, cut_off: Callable[[int], Path], finish: Callable[..., Path], drive: Path, bundle: Path
) -> None:
    cut_off(reports)
    assert 1 <= len(list(drive.iterdir())) <= 2
    assert weights(finish(resume=True)) == weights(bundle)  # the same bits as a run that was not cut off
    assert [path.name for path in drive.iterdir()] == ["run.zip"]


def test_a_torn_copy_is_passed_over_for_the_one_before(
    cut_off: Callable[[int], Path], finish: Callable[..., Path], drive: Path, bundle: Path, open_mirror: Callable
) -> None:
    cut_off(6)
    older, newest = sorted(drive.iterdir())
    newest.write_bytes(newest.read_bytes()[:-100])
    (drive / "run.zip").write_bytes(b"PK torn")
    (drive / PARTIAL).write_bytes(b"half")
    assert [copy.path for copy in open_mirror().found()] == [older]
    assert weights(finish(resume=True)) == weights(bundle)


def test_the_further_of_both_places_counts(
    cut_off: Callable[[int], Path], tmp_path: Path, few_digits: TrainingData, open_mirror: Callable[[], Mirror]
) -> None:
    folder = cut_off(4)
    (there, *_) = open_mirror().found()
    shutil.move(tmp_path / "lost", folder)
    first = next(train(tiny_recipe(), folder, few_digits, resume=True, mirror=open_mirror()))
    (folder / "checkpoint.pt").write_bytes(b"torn")  # here it is torn, there it is whole
    again = next(train(tiny_recipe(), folder, few_digits, resume=True, mirror=open_mirror()))
    assert (first.stage, first.images) == (again.stage, again.images)
    write_checkpoint(folder, Checkpoint())  # here at the start, there further
    assert next(train(tiny_recipe(), folder, few_digits, resume=True, mirror=open_mirror())).images == again.images
    assert there.progress > (1, 0)


@pytest.mark.long
def test_a_finished_bundle_comes_back(finish: Callable[..., Path], bundle: Path) -> None:
    finish()
    again = finish("another machine", resume=True)
    assert weights(again) == weights(bundle)
    assert read_bundle(again.with_name("run.zip")).sha256 == read_bundle(bundle).sha256


def test_a_run_that_is_there_is_not_begun_anew_nor_mixed_with_another_recipe(
    cut_off: Callable[[int], Path], few_digits: TrainingData, open_mirror: Callable[[], Mirror], drive: Path
) -> None:
    folder = cut_off(3)
    before = sorted(path.name for path in drive.iterdir())
    with pytest.raises(OutputError, match=r"already holds a run named run; go on with --resume, or choose another"):
        next(train(tiny_recipe(), folder, few_digits, mirror=open_mirror()))
    with pytest.raises(TrainingError, match="holds a run of another recipe"):
        next(train(tiny_recipe("seed=5"), folder, few_digits, mirror=open_mirror(), resume=True))
    assert sorted(path.name for path in drive.iterdir()) == before
    assert not folder.exists()


def fails(error: OSError, after: int) -> Callable[[int], None]:
    """An fsync that fails from the given call on; the run's own files do not count."""
    calls = 0

    def fsync(handle: int) -> None:
        nonlocal calls
        if Path(f"/proc/self/fd/{handle}").readlink().name == PARTIAL:
            calls += 1
            if calls > after:
                raise error
        real_fsync(handle)

    return fsync


real_fsync = os.fsync


@pytest.mark.parametrize(
    ("error", "after"), [(OSError(errno.ENOSPC, "No space left on device"), 0), (OSError(errno.EIO, "I/O error"), 2)]
)
def test_a_drive_that_is_full_or_fails_is_said_once_and_the_run_ends_well(
    error: OSError, after: int, finish: Callable[..., Path], drive: Path, bundle: Path, told: list[str], monkeypatch
) -> None:
    monkeypatch.setattr(module.os, "fsync", fails(error, after))
    folder = finish()
    assert weights(folder) == weights(bundle)
    assert len(told) == 2
    assert told[0].startswith(f"Checkpoints do not reach {drive} ({error.strerror}); the training goes on")
    assert told[1] == f"The bundle is not in {drive}; copy {folder}.zip there when it can be written again."
    assert not (drive / PARTIAL).exists()
    assert not (drive / "run.zip").exists()
    monkeypatch.undo()
    finish(resume=True)  # there is room again: the bundle is copied, though the training has ended
    assert [path.name for path in drive.iterdir()] == ["run.zip"]


@pytest.mark.long
def test_a_drive_that_comes_back_gets_the_bundle(
    drive: Path, tmp_path: Path, few_digits: TrainingData, open_mirror: Callable[[], Mirror], told: list[str]
) -> None:
    mirror = open_mirror()
    run = train(tiny_recipe(), tmp_path / "run", few_digits, checkpoint_every=0.0, mirror=mirror)
    next(run)
    wait(mirror)
    drive.rename(tmp_path / "away")  # the mount vanishes
    for _ in range(3):
        next(run)
        wait(mirror)
    assert not drive.exists()  # and no folder is made in its place
    (tmp_path / "away").rename(drive)
    for _ in run:
        pass
    assert [path.name for path in drive.iterdir()] == ["run.zip"]
    assert [words.split(" (")[0] for words in told] == [
        f"Checkpoints do not reach {drive}",
        f"Checkpoints reach {drive} again.",
    ]


def test_a_drive_that_hangs_holds_nothing_up(
    finish: Callable[..., Path], bundle: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = module.threading.Event()
    monkeypatch.setattr(module, "write_verified", lambda *_: hang.wait())
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    try:
        assert weights(finish()) == weights(bundle)
        assert told[-1].startswith("The bundle is not in ")
    finally:
        hang.set()


def test_what_reads_back_differently_is_not_kept(drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"zeros")
    with pytest.raises(OSError, match="reads back differently"):
        write_verified(drive / "x", b"content")
    assert list(drive.iterdir()) == []


def test_a_folder_whose_parent_is_missing_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Checkpoints cannot go to .*mount the drive first, or name another folder"):
        Mirror(tmp_path / "not mounted" / "runs", "run", print)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_killed_in_the_middle_of_a_copy_it_goes_on_from_the_one_before(
    idx_folder: Path, drive: Path, tmp_path: Path, finish: Callable[..., Path], bundle: Path
) -> None:
    """The second copy stops half-way, and there SIGKILL meets the process."""
    program = f"""
import os, sys, time
from pathlib import Path
from flowleague.data import load_training
from flowleague.training import mirror
from flowleague.bundle.recipe import get_recipe
from flowleague.training.train import train
copies = 0
def half(path, content, whole=mirror.write_verified):
    global copies
    copies += 1
    if copies == 3:
        path.with_name(mirror.PARTIAL).write_bytes(content[: len(content) // 2])
        print("half", flush=True)
        sys.stdin.read()
    whole(path, content)
mirror.write_verified = half
there = mirror.Mirror(Path({str(drive)!r}), "run", print, every=0.0)
for _ in train(get_recipe("quick", {TINY!r}), {str(tmp_path / "first" / "run")!r}, load_training({str(idx_folder)!r}),
               checkpoint_every=0.0, mirror=there):
    while there._waiting and copies < 3:
        time.sleep(0.01)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, signal.SIGKILL)
    names = sorted(path.name for path in drive.iterdir())
    assert names[0] == PARTIAL
    assert len(names) == 3
    assert weights(finish("second", resume=True)) == weights(bundle)
    assert [path.name for path in drive.iterdir()] == ["run.zip"]  # the half one was overwritten
