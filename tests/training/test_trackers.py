"""What a tracker is sent: every record once, also when a run is resumed. The libraries are stood in for."""

import importlib.machinery
import json
import sys
import types

import pytest

from flowleague.bundle.recipe import get_recipe
from flowleague.errors import TrainingError
from flowleague.training import trackers
from flowleague.training.trackers import tracked


def record(stage: str, images: int) -> str:
    logged = {"stage": stage, "step": 1, "images": images, "seconds": 2.0, "loss": 0.5, "validation": {"mse": 0.1}}
    return json.dumps(logged) + "\n"


@pytest.fixture
def sent(monkeypatch):
    """What the stand-ins were told."""
    told = []

    class Run:
        log = staticmethod(lambda figures: told.append(figures))
        finish = staticmethod(lambda: told.append("finish"))

    class Writer:
        def __init__(self, folder):
            self.folder = folder

        def add_text(self, name, text):
            told.append((name, "vae.latent = 49" in text))

        def add_scalar(self, name, value, step):
            told.append((name, value, step))

        def flush(self):
            pass

        def close(self):
            told.append("finish")

    def init(**words):
        told.append((words["resume"], words["config"]["vae.latent"]))
        return Run()

    for name, held in (
        ("trackio", {"init": init}),
        ("wandb", {"init": init}),
        ("tensorboard", {}),
        ("torch.utils.tensorboard", {"SummaryWriter": Writer}),
    ):
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        vars(module).update(held)
        monkeypatch.setitem(sys.modules, name, module)
    return told


@pytest.mark.parametrize("tracker", ["trackio", "wandb"])
def test_each_record_is_sent_once_and_a_resumed_run_goes_on(tracker, sent, tmp_path):
    log = tmp_path / "training.jsonl"
    with tracked(tracker, tmp_path, get_recipe("quick")) as send:
        send()  # nothing was logged yet: the folder is left as it is
        assert not sent
        assert not list(tmp_path.iterdir())
        log.write_text(record("vae", 256) + record("vae", 512))
        send()
        send()
    first = {"vae/loss": 0.5, "vae/seconds": 2.0, "vae/validation_mse": 0.1, "vae/images": 256}
    assert sent == [("never", 49), first, first | {"vae/images": 512}, "finish"]
    sent.clear()
    log.write_text(record("vae", 256))  # the checkpoint was older than the log
    with tracked(tracker, tmp_path, get_recipe("quick")) as send:
        send()
        log.write_text(record("vae", 256) + record("vae", 512) + record("vae", 768))
        send()
    assert sent == [("must", 49), first | {"vae/images": 768}, "finish"]


def test_event_files_have_a_figure_a_stage_at_the_images_it_has_seen(sent, tmp_path):
    (tmp_path / "training.jsonl").write_text(record("vae", 256) + record("flow", 1024))
    with tracked("tensorboard", tmp_path, get_recipe("quick")) as send:
        send()
    assert sent[:2] == [("recipe", True), ("vae/loss", 0.5, 256)]
    assert ("flow/validation_mse", 0.1, 1024) in sent
    assert sent[-1] == "finish"


def test_two_trackers_count_for_themselves(sent, tmp_path):
    (tmp_path / "training.jsonl").write_text(record("vae", 256))
    for tracker in ("trackio", "tensorboard"):
        with tracked(tracker, tmp_path, get_recipe("quick")) as send:
            send()
    assert {name: kept["sent"] for name, kept in json.loads((tmp_path / trackers.STATE_FILE).read_bytes()).items()} == {
        "trackio": 1,
        "tensorboard": 1,
    }
    assert sent.count("finish") == 2


def test_a_missing_library_is_said_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    with (
        pytest.raises(TrainingError, match=r"pip install 'flowleague\[trackio\]'"),
        tracked("trackio", tmp_path, get_recipe("quick")),
    ):
        pass
