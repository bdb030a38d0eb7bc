"""A folder in which everything that the documentation's commands name is real, and small.

What would leave this machine, or take minutes, meets a stand-in: Drive, Hugging Face and GitHub are a server beside the
test, the evaluator of a contest is the league's scorer for tests, and a measurement reads a hundred images.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from flowleague.program.capturing.entry import capture
from tests.cli.test_commands import succeed
from tests.contest.conftest import ROOT, SCORER
from tests.entrant.test_captured import IMAGES, Networks
from tests.sharing.stand_in import SECRET, serving
from tests.sweep.stub import Stub

TEAM = "The Latents"
CLIENT = {"client_id": "me", "client_secret": "s", "auth_uri": "https://a/", "token_uri": "https://b/"}
SCORED = ("--dry-run", "--judges", "mnist", "--dataset", "digits")
HERE = ("--contest", "class-2026")


@contextmanager
def stand_ins(cache: Path) -> Iterator[None]:
    """Put what stands in for the world, and for patience, into place."""
    from google.oauth2.credentials import Credentials
    from google_auth_oauthlib.flow import InstalledAppFlow
    from huggingface_hub import constants

    from flowleague.cli import provenance, sweep
    from flowleague.contest import evaluate
    from flowleague.data import load_test, load_training
    from flowleague.judge import evidence
    from flowleague.judge import train_judges as train_judge
    from flowleague.judge.provenance import examine
    from flowleague.report import analysis, build, themes
    from flowleague.sharing import drive, github

    plan = evidence.Plan("quick", samples=100, decoded=20, manifold=50, neighbours=20, timed=10, turns=2)
    sizes = analysis.Sizes(encoded=60, samples=40, mapped=(40, 12), shrunk=20, copies=20)
    with serving() as service, pytest.MonkeyPatch.context() as patch:
        for name, value in {"no_proxy": "127.0.0.1", "GITHUB_TOKEN": SECRET, "HF_TOKEN": SECRET}.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(ROOT))  # of the scorer
        patch.setattr(evaluate, "evaluate", partial(evaluate.evaluate, scorer=SCORER))
        patch.setattr("flowleague.judge.cache.cache_folder", lambda *_: cache)
        patch.setattr(examine, "cache_folder", lambda *_: cache / "provenance")
        patch.setattr(provenance, "_digits", lambda *_: examine.Digits(load_training("digits"), load_test("digits")))
        patch.setattr(evidence, "QUICK", plan)
        held = evidence.load_real("mnist", plan, validation=True).sha256["test"]
        patch.setattr(sweep, "engine_of", lambda *_: Stub(sha256=held))
        patch.setattr(build, "QUICK", plan)
        patch.setattr(analysis, "QUICK", sizes)
        patch.setattr(themes, "DPI", 30)
        patch.setattr(train_judge, "RECIPES", tuple(replace(r, epochs=1, batch=50) for r in train_judge.RECIPES))
        patch.setattr(InstalledAppFlow, "run_local_server", lambda *_, **__: Credentials(SECRET))
        patch.setattr(drive.share_on_drive, "__defaults__", (service.root,))
        patch.setattr(github.share_on_github, "__kwdefaults__", {"api": service.root, "upload_to": service.root})
        patch.setattr(constants, "ENDPOINT", service.root)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield


def prepare(folder: Path, bundle: Path, digits: Path) -> dict[str, str]:
    """Fill a folder from a trained bundle and a data set; returns what chance chose: key, entry's id, and head."""
    shutil.copytree(bundle, folder / "runs" / "quick")
    shutil.copy(bundle.with_suffix(".zip"), folder / "runs" / "quick.zip")
    shutil.copy(bundle.with_suffix(".zip"), folder / "other-model.zip")
    (folder / "digits").symlink_to(digits)
    (folder / "drive").mkdir()
    (folder / "my.toml").write_text('base = "quick"\nflow.steps = 3\n')
    (folder / "client.json").write_text(json.dumps({"installed": CLIENT}))
    succeed("score", "runs/quick", *SCORED, cwd=folder)
    shutil.copy(folder / "runs" / "quick" / "scorecard.json", folder / "other-model.scorecard.json")
    shutil.copytree(folder / "runs" / "quick", folder / "runs" / "flat")
    succeed("pack", "runs/quick", "--team", TEAM, "--out", "submission", cwd=folder)
    (script,) = (folder / "submission").glob("*.py")
    pull = folder / "pulls" / "ada"
    pull.mkdir(parents=True)
    shutil.copy(script, pull / "submission.py")
    for path in (folder / "submission").glob("*.safetensors"):
        shutil.copy(path, pull)
    with_one_file(script, folder / "model.py", folder / "vae.safetensors")
    capture_networks(folder / "captured.zip")
    canvas_download(folder / "submissions.zip")
    dropped = folder / "drop" / "The Weavers"
    dropped.mkdir(parents=True)
    for name in ("model.py", "vae.safetensors"):
        shutil.copy(folder / name, dropped)
    return hold_contest(folder)


def capture_networks(out: Path) -> None:
    """A captured entry of small random networks."""
    networks = Networks().eval()
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    capture(**functions, out=out, images=torch.from_numpy(IMAGES), batch=20)


def with_one_file(script: Path, to: Path, weights: Path) -> None:
    """Write a packed file again as one that reads both networks from one file of weights."""
    files = sorted(script.parent.glob("*.safetensors"))
    save_file({name: each for file in files for name, each in load_file(file).items()}, weights)
    text = script.read_text()
    for file in files:
        text = text.replace(file.name, weights.name)
    own = "{k: v for k, v in load_file(name).items() if k in network.state_dict()}"
    to.write_text(text.replace("load_file(name)", own))


def canvas_download(path: Path) -> None:
    """What Canvas makes of the hand-ins of two people."""
    sent = (datetime.now(UTC) - timedelta(hours=1)).timetuple()[:6]
    with zipfile.ZipFile(path, "w") as archive:
        for name, team in (("personada_11_901_model.py", "Canvas One"), ("personbob_12_902_model.py", "Canvas Two")):
            archive.writestr(zipfile.ZipInfo(name, sent), f"info = {{'team': {team!r}, 'names': 'x'}}")


def hold_contest(folder: Path) -> dict[str, str]:
    """A contest that opened yesterday, with three teams that are measured; and `empty`, in which nobody is."""
    opens = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    for name in ("class-2026", "empty"):
        succeed("contest", "new", name, "--opens", opens, cwd=folder)
    said = succeed("contest", "submit", "model.py", "--weights", "vae.safetensors", "--team", TEAM, *HERE, cwd=folder)
    succeed("contest", "submit", "runs/quick", "--team", "Sample Text", *HERE, cwd=folder)
    succeed("contest", "submit", "other-model.zip", "--team", "Team Sigma", *HERE, cwd=folder)
    succeed("contest", "evaluate", *HERE, cwd=folder)
    first, key = said.splitlines()[:2]
    head = (folder / "class-2026" / "records.head").read_text().split()[1]
    return {"id": first.split()[1], "key": key.split()[-1], "head": head}
