"""What packing writes, what it keeps, and what it refuses."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from tests.model.export.fresh import LINKS, fresh_recipe, write_fresh

from flowleague.bundle.read import read_bundle, zip_bundle
from flowleague.errors import BundleError, OutputError, PackError
from flowleague.model.export import pack
from flowleague.model.export.pack import file_name


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    write_fresh(tmp_path / "fresh", fresh_recipe("vector"))
    return tmp_path / "fresh"


def load(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("submission", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_folder_and_zip_pack_to_the_same_bytes(fresh: Path, tmp_path: Path) -> None:
    zip_bundle(fresh, tmp_path / "fresh.zip")
    outs = [tmp_path / "one", tmp_path / "two"]
    for bundle, out in zip((fresh, tmp_path / "fresh.zip"), outs, strict=True):
        packed = pack(bundle, out, team="Ångström & Söhne")
        assert read_bundle(packed.bundle).sha256 == read_bundle(fresh).sha256
    names = [sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()) for out in outs]
    assert names[0] == names[1]
    assert Path("bundle/angstrom_sohne.zip") in names[0]
    assert Path("submission_angstrom_sohne.py") in names[0]
    assert len(names[0]) == 5
    for name in names[0]:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()


def test_nothing_is_overwritten_without_force(fresh: Path, tmp_path: Path) -> None:
    packed = pack(fresh, tmp_path / "out", team="x", names="first")
    before = packed.script.read_bytes()
    with pytest.raises(OutputError, match=r"submission_x.py exists; choose another folder or add --force"):
        pack(fresh, tmp_path / "out", team="x", names="second")
    assert packed.script.read_bytes() == before
    pack(fresh, tmp_path / "out", team="x", names="second", force=True)
    assert b"second" in packed.script.read_bytes()


def test_force_removes_the_teams_older_weights_and_nothing_else(fresh: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = pack(fresh, out, team="x")
    other = pack(fresh, out, team="y")
    (out / "notes.txt").write_text("mine")
    write_fresh(fresh, fresh_recipe("grid"))
    new = pack(fresh, out, team="x", force=True)
    assert not old.vae.exists()
    assert not old.flow.exists()
    assert all(path.exists() for path in (new.vae, new.flow, other.vae, other.flow, out / "notes.txt"))


def test_weights_are_fetched_only_when_they_are_not_there(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(fresh, tmp_path / "out", team="x", vae_link=LINKS[0], flow_link=LINKS[1])
    fetched = []

    def download(url: str, output: str, quiet: bool = False) -> None:  # gdown 6 knows no `fuzzy` any more
        fetched.append((url, output))
        (tmp_path / "elsewhere" / output).write_bytes((tmp_path / "out" / output).read_bytes())

    monkeypatch.setitem(sys.modules, "gdown", SimpleNamespace(download=download))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    submission = load(packed.script).SubmissionInterface()
    load(packed.script).SubmissionInterface()
    urls = [f"https://drive.google.com/uc?id={letter * 33}" for letter in "AB"]
    assert fetched == list(zip(urls, (packed.vae.name, packed.flow.name), strict=True))
    assert submission.latent_dim == 5


def test_a_file_without_link_and_weights_says_so(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(fresh, tmp_path / "out", team="x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"x_vae_.*safetensors is not in .* and Settings has no share link to it"
    ):
        load(packed.script).SubmissionInterface()


def test_foreign_weights_do_not_load(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(fresh, tmp_path / "out", team="x")
    packed.vae.write_bytes(packed.flow.read_bytes())
    monkeypatch.chdir(tmp_path / "out")
    with pytest.raises(RuntimeError, match="Missing key"):
        load(packed.script).SubmissionInterface()


def test_moving_keeps_networks_and_device_together(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(fresh, tmp_path / "out", team="x")
    monkeypatch.chdir(tmp_path / "out")
    submission = load(packed.script).SubmissionInterface().to("meta")
    assert submission.device == torch.device("meta")
    assert {tensor.device for tensor in submission.state_dict().values()} == {torch.device("meta")}
    assert submission.generate_samples(2).device == torch.device("meta")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"team": " \n"}, "The team has no name"),
        ({"team": "half \udc80"}, r"--team 'half \?' is not UTF-8 text"),
        ({"team": "x", "names": "half \udc80"}, r"--names 'half \?' is not UTF-8 text"),
        ({"team": "x", "vae_link": LINKS[0], "flow_link": LINKS[0]}, "Both links lead to the same file"),
        ({"team": "x", "flow_link": "https://drive.google.com/drive/folders/A"}, r"--flow-link: .* leads to a folder"),
        ({"team": "x", "vae_link": LINKS[0][:40]}, r"--vae-link: .* does not name a file .* and give its link"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_written(
    fresh: Path, tmp_path: Path, options: dict[str, str], words: str
) -> None:
    with pytest.raises(PackError, match=words):
        pack(fresh, tmp_path / "out", **options)  # pyright: ignore[reportArgumentType] - no option here is a bool
    assert not (tmp_path / "out").exists()


def test_wrong_places_are_refused(fresh: Path, tmp_path: Path) -> None:
    before = sorted(fresh.iterdir())
    with pytest.raises(OutputError, match="is the bundle itself"):
        pack(fresh, fresh / ".." / "fresh", team="x")
    with pytest.raises(BundleError, match="There is no bundle"):
        pack(tmp_path / "nothing", tmp_path / "out", team="x")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        pack(fresh, tmp_path / "file", team="x")
    (tmp_path / "out" / "submission_x.py").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"exists; choose another folder\.$"):
        pack(fresh, tmp_path / "out", team="x", force=True)
    assert sorted(fresh.iterdir()) == before


@pytest.mark.parametrize(
    ("team", "name"),
    [
        ("The Latents", "the_latents"),
        ("../../etc/passwd", "etc_passwd"),
        ("Zoë's “Team” №1", "zoe_s_team_no1"),
        ("🦊", "team"),
        ("龍", "team"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_file_names_are_plain_letters(team: str, name: str) -> None:
    assert file_name(team) == name
