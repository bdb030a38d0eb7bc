"""Bundles: what is saved is what is loaded, and nothing foreign is."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from flowleague.bundle.files import LIMITS
from flowleague.bundle.read import config_json, read_bundle, zip_bundle
from flowleague.bundle.recipe import get_recipe
from flowleague.errors import BundleError
from flowleague.model.latent_flow import LatentFlow


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def sign(folder: Path) -> None:
    """Make the card agree with the weights, as an attacker would."""
    card = json.loads((folder / "card.json").read_text())
    for name in card["sha256"]:
        card["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def test_folder_and_zip_load_to_the_same_model(bundle: Path, tmp_path: Path) -> None:
    zip_bundle(bundle, tmp_path / "one.zip")
    zip_bundle(bundle, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert bundle.with_name("tiny.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()
    folder, zipped = LatentFlow.load(bundle), LatentFlow.load(tmp_path / "one.zip")
    assert torch.equal(folder.generate(3), zipped.generate(3))


def test_loading_gives_back_every_weight(bundle: Path) -> None:
    model, content = LatentFlow.load(bundle), read_bundle(bundle)
    assert content.vae.keys() == model.vae.state_dict().keys()
    assert content.flow.keys() == model.velocity.state_dict().keys()
    for stored, network in ((content.vae, model.vae), (content.flow, model.velocity)):
        assert all(np.array_equal(tensor, network.state_dict()[name].numpy()) for name, tensor in stored.items())


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=f"holds no {name}"):
        read_bundle(copy)


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_truncated_file_is_named(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    if name.endswith(".safetensors"):
        with pytest.raises(BundleError, match=f"{name} of .* is not the file its card.json describes"):
            read_bundle(copy)
        sign(copy)
    with pytest.raises(BundleError, match=name):
        read_bundle(copy)


def test_a_truncated_zip_is_refused(bundle: Path, tmp_path: Path) -> None:
    raw = bundle.with_name("tiny.zip").read_bytes()
    for share in (0.0, 0.5, 0.99):
        (tmp_path / "cut.zip").write_bytes(raw[: int(share * len(raw))])
        with pytest.raises(BundleError, match="cannot be read"):
            read_bundle(tmp_path / "cut.zip")


def test_foreign_weights_are_refused(copy: Path) -> None:
    tensors = safetensors.torch.load_file(copy / "flow.safetensors")
    changes = {
        "is foreign": tensors | {"backdoor": torch.zeros(3)},
        "is missing": {name: tensor for name, tensor in tensors.items() if name != "mean"},
        r"is float32 \(48,\)": tensors | {"mean": torch.zeros(48)},
        r"is float64 \(49,\)": tensors | {"mean": torch.zeros(49, dtype=torch.float64)},
        "not finite": tensors | {"mean": torch.full((49,), torch.nan)},
    }
    for words, changed in changes.items():
        safetensors.torch.save_file(changed, copy / "flow.safetensors")
        sign(copy)
        with pytest.raises(BundleError, match=words):
            LatentFlow.load(copy)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"format": "other/9"}', "has the format 'other/9'; this version reads"),
        ("[1, 2]", "is not a JSON object"),
        ("{" * 100_000, "is not JSON"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x"}, "evil": 1}', "unknown key 'evil'"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "seed": NaN}}', "NaN is no JSON number"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "name": "y"}}', "'name' twice"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "\\u001b[2J"}}', "name = .* is not allowed"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "vae": {"latent": 2}}}', "latent = 2"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "vae": {"a": {"b": 1}}}}', "unknown key 'vae.a'"),
        ('{"format": "flowleague-bundle/1"}', "The recipe cannot be used"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "vae": {"latent": 50}}}', "latent = 50"),
        ('{"format": "flowleague-bundle/1", "recipe": {"name": "x", "evil": 1}}', "unknown key 'evil'"),
    ],
)
def test_a_foreign_config_is_refused(copy: Path, content: str, words: str) -> None:
    (copy / "config.json").write_text(content)
    with pytest.raises(BundleError, match=words):
        read_bundle(copy)


def test_what_is_not_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no bundle at"):
        read_bundle(tmp_path / "nothing")
    with pytest.raises(BundleError, match=r"holds no config.json; give the folder"):
        read_bundle(tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(tmp_path / "text")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("inner/config.json", "{}")
    with pytest.raises(BundleError, match=r"'inner/config.json' is foreign"):
        read_bundle(tmp_path / "other.zip")


def headed(header: bytes, content: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    return len(header).to_bytes(8, "little") + header + content


MEAN = '{"mean": {"dtype": "F32", "shape": [49], "data_offsets": [0, 196]}}'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 7,
        (2**63).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little") + b"{}",
        headed(b"{}" + b" " * 2**21),
        headed(b"[]"),
        headed(b"{" * 50_000),
        headed(b'{"mean": 1}'),
        headed(MEAN.encode()[:-1] + b", " + MEAN.encode()[1:], bytes(196)),
        headed(MEAN.replace("49", "-49").encode(), bytes(196)),
        headed(MEAN.replace("49", "4611686018427387904, 4").encode(), bytes(196)),
        headed(MEAN.replace("F32", "F33").encode(), bytes(196)),
        headed(MEAN.replace("F32", "F4").encode(), bytes(196)),
        headed(MEAN.replace("[0, 196]", "[196, 0]").encode(), bytes(196)),
        headed(MEAN.replace("[0, 196]", "[0, 392]").encode(), bytes(196)),
        headed(MEAN.encode(), bytes(100)),
        headed(MEAN.encode(), bytes(300)),
        headed((MEAN[:-1] + "," + MEAN[1:].replace("mean", "std")).encode(), bytes(196)),  # overlapping
    ],
)
def test_tricks_with_the_header_of_weights_are_refused(copy: Path, raw: bytes) -> None:
    (copy / "flow.safetensors").write_bytes(raw)
    sign(copy)
    with pytest.raises(BundleError, match=r"flow.safetensors of .* is truncated or not safetensors"):
        read_bundle(copy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"evil": 1}, "unknown field"),
        ({"sha256": {}}, "is not the file its card.json describes"),
        ({"sha256": 1}, "is not a bundle's card"),
        ({"training": []}, "is not a bundle's card"),
        ({"training": {"seconds": {"vae": -1}}}, "is not a bundle's card"),
        ({"hardware": {"name": "\x1b[2J"}}, "is not a bundle's card"),
        ({"versions": {"torch": "2\n"}}, "is not a bundle's card"),
        ({"recipe": "x" * 2000}, "is not a bundle's card"),
    ],
)
def test_a_foreign_card_is_refused(copy: Path, change: dict[str, object], words: str) -> None:
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(card | change))
    with pytest.raises(BundleError, match=words):
        read_bundle(copy)


def test_a_log_of_too_many_lines_is_refused(copy: Path) -> None:
    (copy / "training.jsonl").write_bytes(b"{}\n" * 2_000_000)
    with pytest.raises(BundleError, match="more than 50,000 lines"):
        read_bundle(copy)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["flow.width=2048", "flow.blocks=32"], "269,8.* parameters and buffers, where at most 50,000,000"),
        (["vae.channels=512", "vae.decoder_blocks=32"], "operations for a sample"),
        (["vae.channels=512", "vae.encoder_blocks=32"], "operations for a reconstruction"),
        (["flow.solver=rk4", "flow.steps=1000"], "4,000 evaluations"),
        (["flow.width=1024", "flow.blocks=8", "flow.steps=500"], "operations for a sample"),
    ],
)
def test_a_legal_recipe_that_is_a_bomb_is_refused_before_it_is_built(
    copy: Path, monkeypatch: pytest.MonkeyPatch, changes: list[str], words: str
) -> None:
    built = []
    monkeypatch.setattr(torch.nn.init, "kaiming_uniform_", lambda w, *_, **__: built.append(w.device.type))
    (copy / "config.json").write_bytes(config_json(get_recipe("quick", changes)))
    with pytest.raises(BundleError, match=words):
        LatentFlow.load(copy)
    assert set(built) == {"meta"}
