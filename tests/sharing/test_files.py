"""What may be uploaded: bundles and weights, and nothing that merely is called so."""

from pathlib import Path

import pytest
import torch
from tests.entrant.test_captured import IMAGES, Networks
from tests.model.export.fresh import fresh_recipe, write_fresh

from flowleague.bundle.read import zip_bundle
from flowleague.errors import BundleError, ShareError
from flowleague.program import capture
from flowleague.sharing import uploads


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    write_fresh(tmp_path / "fresh", fresh_recipe("vector"))
    return tmp_path / "fresh"


def test_a_bundle_goes_as_one_zip_and_weights_as_they_are(fresh: Path, tmp_path: Path) -> None:
    zip_bundle(fresh, tmp_path / "fresh.zip")
    folder, zipped = uploads([fresh]), uploads([tmp_path / "fresh.zip"])
    assert folder == zipped
    assert (folder[0].name, folder[0].content) == ("fresh.zip", (tmp_path / "fresh.zip").read_bytes())
    (weights,) = uploads([fresh / "vae.safetensors"])
    assert (weights.name, weights.content) == ("vae.safetensors", (fresh / "vae.safetensors").read_bytes())


def test_what_is_neither_is_refused(fresh: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no bundle at"):
        uploads([tmp_path / "nothing"])
    (tmp_path / "page.safetensors").write_text("<!DOCTYPE html><html>Sign in</html>")
    with pytest.raises(BundleError, match="is truncated or not safetensors"):
        uploads([tmp_path / "page.safetensors"])
    with pytest.raises(ShareError, match=r"cannot be read \(No such file"):
        uploads([tmp_path / "missing.safetensors"])
    (tmp_path / "link.safetensors").symlink_to(fresh / "vae.safetensors")
    with pytest.raises(ShareError, match="it is a link"):
        uploads([tmp_path / "link.safetensors"])
    with pytest.raises(ShareError, match=r"Two files would be named fresh.zip there"):
        uploads([fresh, fresh])


def test_a_captured_entry_goes_as_it_is(tmp_path: Path) -> None:
    networks = Networks().eval()
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    capture(**functions, out=tmp_path / "mine.zip", images=torch.from_numpy(IMAGES), batch=20)
    (upload,) = uploads([tmp_path / "mine.zip"])
    assert (upload.name, upload.content) == ("mine.zip", (tmp_path / "mine.zip").read_bytes())
