"""The documentation site builds without a warning, and its page on Python shows every name of the face."""

import subprocess
import sys
from pathlib import Path

import flowleague

DOCS = Path(__file__).parents[1] / "docs"


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", tmp_path / "doctrees"]
    done = subprocess.run([*build, DOCS, tmp_path / "site"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    api = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    assert all(f'id="flowleague.{name}"' in api for name in flowleague.__all__ if name != "RECIPES")
