"""Bundles: what is saved is what is loaded, and nothing foreign is."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from flowleague.errors import BundleError
from flowleague.generator.bundle import LIMITS, read_bundle, zip_bundle
from flowleague.generator.model import LatentFlow


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
        assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in stored.items())
        assert all(tensor.is_contiguous() for tensor in stored.values())


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
        r"is torch.float32 \(48,\)": tensors | {"mean": torch.zeros(48)},
        r"is torch.float64 \(49,\)": tensors | {"mean": torch.zeros(49, dtype=torch.float64)},
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
    with pytest.raises(BundleError, match=r"holds no config.json; a bundle's zip has its five files at the top"):
        read_bundle(tmp_path / "other.zip")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b"0" * (8 * 2**20))
    with pytest.raises(BundleError, match="larger than the 1 MiB"):
        read_bundle(tmp_path / "bomb.zip")
