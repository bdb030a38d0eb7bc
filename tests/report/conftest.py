"""Two reports that are made once: of a bundle that is judged, and of one without judges and without a log."""

import shutil
from pathlib import Path

import pytest

from flowleague.judge.evidence import Plan
from flowleague.report import analysis, build, themes
from flowleague.report.build import Wanted

HOSTILE = "<script>alert(1)</script> **x** ![i](http://e.org/x.png) | `c` مرحبا 🙂"
SMALL_PLAN = Plan("quick", samples=100, decoded=20, manifold=40, neighbours=20, timed=10, turns=2)
SMALL_SIZES = analysis.Sizes(encoded=60, samples=40, mapped=(40, 12), shrunk=20, copies=20)


def quiet(what: str, share: float) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="session", autouse=True)
def small(tmp_path_factory):
    """Dry runs read as few images as anything can be made of, and keep real readings out of the user's cache."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("report-cache")
    patch.setattr("flowleague.judge.cache.cache_folder", lambda *_: folder)
    patch.setattr(build, "QUICK", SMALL_PLAN)
    patch.setattr(themes, "DPI", 30)  # drawing takes most of the time
    patch.setattr(analysis, "QUICK", SMALL_SIZES)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def judged(bundle, tmp_path_factory) -> Wanted:
    """A report of the tiny bundle under a hostile name, read by the judges of MNIST."""
    out = tmp_path_factory.mktemp("judged") / "report"
    wanted = Wanted(bundle, out, name=HOSTILE, judges="mnist", dry_run=True)
    build.build(wanted, quiet)
    return wanted


@pytest.fixture(scope="session")
def bare(bundle, tmp_path_factory) -> Path:
    """A report of the tiny bundle without a log, whose digits have no judges."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copytree(bundle, folder / "tiny")
    (folder / "tiny/training.jsonl").write_text("")
    build.build(Wanted(folder / "tiny", folder / "report", dry_run=True), quiet)
    return folder / "report"
