"""What holds people's names is written where nobody else finds it, and folders that are no contests do not verify."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.cli.test_commands import refuse, succeed

from flowleague import files

HOLDING = """
import time
from flowleague.files import temporary_folder
with temporary_folder() as folder:
    (folder / "submission.py").write_text("secret")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_gradebook_is_not_written_into_a_work_tree_that_would_commit_it(tmp_path: Path) -> None:
    succeed("contest", "new", "class", cwd=tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path / "class"], check=True)
    words = ("contest", "export", "--format", "canvas", "-C", "class", "--out")
    said = refuse(*words, "class/marks.csv", cwd=tmp_path)
    assert "would be in the git work tree" in said
    assert not (tmp_path / "class" / "marks.csv").exists()
    succeed(*words, "class/grades.csv", cwd=tmp_path)  # as the guide has it: the contest's .gitignore names it
    succeed(*words, "marks.csv", cwd=tmp_path)
    ignored = subprocess.run(
        ["git", "-C", tmp_path / "class", "status", "--short", "--ignored"], check=True, capture_output=True, text=True
    ).stdout
    assert "!! grades.csv" in ignored
    assert "!! private.toml" in ignored


def test_what_a_killed_process_left_is_removed_by_the_next_command_and_what_lives_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    running = [subprocess.Popen([sys.executable, "-c", HOLDING], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        killed, alive = (Path(process.stdout.readline().strip()) for process in running if process.stdout)
        running[0].send_signal(signal.SIGKILL)
        running[0].wait()
        assert (killed / "submission.py").exists()
        foreign = tmp_path / "flowleague-files-foreign"
        foreign.symlink_to(alive.parent)
        files.sweep()
        assert not killed.parent.exists()
        assert (alive / "submission.py").exists()
        assert foreign.is_symlink()
    finally:
        for process in running:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_a_folder_that_is_no_contest_does_not_verify(tmp_path: Path) -> None:
    assert "There is no contest in" in refuse("contest", "verify", "-C", tmp_path)
    (tmp_path / "records.jsonl").write_text("")
    assert "There is no contest in" in refuse("contest", "verify", "-C", tmp_path)
