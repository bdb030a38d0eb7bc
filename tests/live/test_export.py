"""The networks as they are written in ONNX: equal to PyTorch, and only from weights that fit."""

import shutil
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.live.conftest import fresh
from tests.training.tiny import tiny_recipe

from flowleague.bundle.read import Bundle, read_bundle
from flowleague.errors import BundleError, LiveError, OutputError
from flowleague.live import in_onnx, write_export
from flowleague.live.networks import BLOCKS
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow


def run(network: onnx.ModelProto, *inputs: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(network.SerializeToString())
    names = [value.name for value in session.get_inputs()]
    (out,) = session.run(None, {name: x.numpy() for name, x in zip(names, inputs, strict=True)})
    return np.asarray(out)


@pytest.mark.parametrize("batch", [1, 5, 60])
def test_networks_equal_pytorch_for_any_batch(model, exported, batch):
    check_numbers(model, exported, batch)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_equals_pytorch(block):
    model = LatentFlow(tiny_recipe(f"vae.block={block}")).eval().requires_grad_(False)
    check_numbers(model, in_onnx(model.bundle_arrays()), 2)


def check_numbers(model: LatentFlow, exported: dict[str, onnx.ModelProto], batch: int) -> None:
    random = torch.Generator().manual_seed(batch)
    x = torch.randn(batch, model.recipe.vae.latent, generator=random)
    t, images = torch.rand(batch, generator=random), torch.rand(batch, 1, 28, 28, generator=random)
    with torch.no_grad():
        velocity = model.velocity(x, t)
    z = model.velocity.denormalise(x)
    assert run(exported["velocity"], x, t) == pytest.approx(velocity.numpy(), abs=1e-4)
    assert run(exported["decoder"], x) == pytest.approx(model.decode(z).numpy(), abs=1e-4)
    code = model.velocity.normalise(model.vae.posterior(images)[0])
    assert run(exported["encoder"], images) == pytest.approx(code.numpy(), abs=1e-4)


def test_networks_are_sound_and_say_what_goes_in_and_out(exported):
    for network in exported.values():
        onnx.checker.check_model(network, full_check=True)
    named = {name: [value.name for value in net.graph.input] for name, net in exported.items()}
    assert named == {"encoder": ["images"], "velocity": ["x_t", "t"], "decoder": ["x"]}
    assert [net.graph.output[0].name for net in exported.values()] == ["x", "v", "images"]


def test_files_are_not_replaced_unasked(tmp_path):
    arrays = fresh("vector").bundle_arrays()
    paths = write_export(arrays, tmp_path / "onnx")
    assert [path.name for path in paths] == ["encoder.onnx", "velocity.onnx", "decoder.onnx"]
    with pytest.raises(OutputError, match=r"encoder\.onnx exists; choose another folder or add --force"):
        write_export(arrays, tmp_path / "onnx")
    with pytest.raises(OutputError, match="name a folder"):
        write_export(arrays, paths[0])


def test_weights_must_fit_the_recipe():
    whole = fresh("vector").bundle_arrays()
    mean = whole.flow["mean"]
    changes = {
        "'flow.backdoor' is foreign": whole.flow | {"backdoor": mean},
        "'flow.mean' is not there as": {name: weight for name, weight in whole.flow.items() if name != "mean"},
        r"'flow.mean' is not there as \(6,\)": whole.flow | {"mean": mean[:5]},
        "'flow.mean' is not there": whole.flow | {"mean": mean.astype(np.float64)},
        "'flow.mean' holds numbers that are not finite": whole.flow | {"mean": mean * np.float32(np.nan)},
    }
    for words, flow in changes.items():
        with pytest.raises(LiveError, match=words):
            in_onnx(Bundle(whole.recipe, whole.vae, flow))


def test_a_bundle_is_read_without_torch_and_with_distrust(bundle, tmp_path):
    code = (
        "import sys; from flowleague.bundle.read import read_bundle; from flowleague.live import in_onnx; "
        "in_onnx(read_bundle(sys.argv[1]))"
    )
    words = [sys.executable, "-c", f"{code}; sys.exit('torch' in sys.modules)", str(bundle)]
    assert subprocess.run(words, check=False).returncode == 0
    model, arrays = LatentFlow.load(bundle), read_bundle(bundle)
    assert arrays.parameters == cost(model.recipe.vae, model.recipe.flow).parameters
    zipped = read_bundle(bundle.with_name("tiny.zip"))
    for name, tensor in model.vae.state_dict().items():
        assert np.array_equal(arrays.vae[name], tensor.numpy())
        assert np.array_equal(zipped.vae[name], tensor.numpy())
    copy = shutil.copytree(bundle, tmp_path / "copy")
    (copy / "vae.safetensors").write_bytes((copy / "flow.safetensors").read_bytes())
    with pytest.raises(BundleError, match="is not the file its card"):
        read_bundle(copy)
