"""A build is told by the sources that measure, and by nothing else."""

import shutil
from pathlib import Path

import pytest

import flowleague
from flowleague.build import evaluator, fingerprint

PACKAGE = Path(flowleague.__file__).parent


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, as a checkout has it."""
    return shutil.copytree(PACKAGE, tmp_path / "flowleague", ignore=shutil.ignore_patterns("__pycache__", "weights"))


def test_a_change_of_what_measures_is_another_build(package: Path) -> None:
    assert evaluator().endswith(f"+{fingerprint(package)}")
    for changed in ("judge/kernels.py", "entrant/sandbox/inside/worker.py", "scorecard/metrics/quality.py"):
        before = fingerprint(package)
        with (package / changed).open("a") as file:
            file.write("A = 1\n")
        assert fingerprint(package) != before, changed
    before = fingerprint(package)
    (package / "judge" / "more.py").write_text("")
    assert fingerprint(package) != before


def test_a_change_of_what_shows_or_of_line_ends_is_none(package: Path) -> None:
    before = fingerprint(package)
    for changed in ("cli/standings.py", "board/front.py", "contest/exports.py"):
        (package / changed).write_text("")
    (package / "judge" / "notes.md").write_text("words")
    for source in (package / "judge").glob("*.py"):
        source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert fingerprint(package) == before
