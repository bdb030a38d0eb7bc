"""Good entries of both kinds through both jobs, measured for real: code in the sandbox, a bundle with its report."""

import io
import subprocess
import zipfile
from importlib import resources
from pathlib import Path

import pytest
from tests.cli.test_commands import succeed
from tests.pulls.conftest import MEASURE, STATEMENT, Stage, git

from flowleague.pulls import trial
from flowleague.report import analysis, themes
from flowleague.scorecard.card import read_scorecard
from flowleague.scorecard.pictures import NAMES

pytestmark = pytest.mark.long
SHIPPED = Path(str(resources.files("flowleague"))) / "shipped"


@pytest.fixture
def rehearsal(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A contest on GitHub that measures with the real evaluator, by the quick plan."""
    monkeypatch.setattr(trial, "measure", MEASURE)
    folder = stage.contest()
    rules = folder / "contest.toml"
    rules.write_text(rules.read_text().replace('plan = "full"', 'plan = "quick"'))
    git(folder, "commit", "--quiet", "--all", "--message", "Rehearse")
    git(folder, "push", "--quiet", "origin", "HEAD:main")
    return stage


def recorded(stage: Stage) -> Path:
    """The folder of the one entry in the contest, after approval."""
    done = stage.decide("record", 1)
    assert done.status == 0, done.err
    (folder,) = (stage.contest() / "entries").glob("*/*")
    return folder


def test_a_packed_file_is_measured_behind_the_wall_and_its_pictures_are_on_the_board(rehearsal, tmp_path):
    succeed("pack", "tiny", "--team", "The Latents", "-o", tmp_path / "packed")
    (code,) = (tmp_path / "packed").glob("*.py")
    weights = {f"pulls/ada/{path.name}": path.read_bytes() for path in (tmp_path / "packed").glob("*.safetensors")}
    rehearsal.push(1, {"pulls/ada/entry.toml": STATEMENT, "pulls/ada/submission.py": code.read_bytes(), **weights})
    said = rehearsal.both(1)
    assert "### Measured" in said
    assert "place **1 of 1**" in said
    assert 0 < (read_scorecard(rehearsal.out / "scorecard.json").metrics()["reconstruction.mse"].value or 1) < 0.005
    assert not (rehearsal.out / "report.zip").exists()
    entry = recorded(rehearsal)
    assert {path.name for path in entry.glob("*.png")} == {f"{name}-1.png" for name in NAMES}
    succeed("board", rehearsal.place / "now", "-o", tmp_path / "site")
    (page,) = (tmp_path / "site" / "entries").glob("*.html")
    assert f"pictures/{page.stem}-samples.png" in page.read_text()
    assert (tmp_path / "site" / "pictures" / f"{page.stem}-samples.png").exists()


def test_a_bundle_leaves_its_report(rehearsal, monkeypatch):
    few = analysis.Sizes(encoded=60, samples=40, mapped=(40, 12), shrunk=20, copies=20)
    monkeypatch.setattr(analysis, "QUICK", few)  # what a report shows is tested elsewhere
    monkeypatch.setattr(themes, "DPI", 30)
    raw = (SHIPPED / "tiny.zip").read_bytes()
    rehearsal.push(
        1, {"pulls/ada/entry.toml": STATEMENT.replace("submission.py", "tiny.zip"), "pulls/ada/tiny.zip": raw}
    )
    said = rehearsal.both(1)
    assert "### Measured" in said
    with zipfile.ZipFile(io.BytesIO((rehearsal.out / "report.zip").read_bytes())) as report:
        assert b"The Latents" in report.read("report/index.html")
    assert (recorded(rehearsal) / "samples-1.png").exists()
    subprocess.run(["git", "fsck", "--strict"], cwd=rehearsal.remote, check=True, capture_output=True)
