"""The exported networks in onnxruntime against PyTorch."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.live.conftest import fresh

from flowleague.errors import OutputError
from flowleague.live import write_export


def run(network: onnx.ModelProto, *inputs: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(network.SerializeToString())
    names = [value.name for value in session.get_inputs()]
    (out,) = session.run(None, {name: x.numpy() for name, x in zip(names, inputs, strict=True)})
    return np.asarray(out)


@pytest.mark.parametrize("batch", [1, 5])
def test_networks_equal_pytorch_for_any_batch(model, exported, batch):
    random = torch.Generator().manual_seed(batch)
    x = torch.randn(batch, model.recipe.vae.latent, generator=random)
    t, images = torch.rand(batch, generator=random), torch.rand(batch, 1, 28, 28, generator=random)
    with torch.no_grad():
        velocity = model.velocity(x, t)
    z = model.velocity.denormalise(x)
    assert run(exported["velocity"], x, t) == pytest.approx(velocity.numpy(), abs=1e-4)
    assert run(exported["decoder"], x) == pytest.approx(model.decode(z).numpy(), abs=1e-4)
    code = model.velocity.normalise(model.encode(images))
    assert run(exported["encoder"], images) == pytest.approx(code.numpy(), abs=1e-4)


def test_networks_are_sound_and_say_what_goes_in_and_out(exported):
    for network in exported.values():
        onnx.checker.check_model(network, full_check=True)
    named = {name: [value.name for value in net.graph.input] for name, net in exported.items()}
    assert named == {"encoder": ["images"], "velocity": ["x_t", "t"], "decoder": ["x"]}
    assert [net.graph.output[0].name for net in exported.values()] == ["x", "v", "images"]


def test_files_are_not_replaced_unasked(tmp_path):
    model = fresh("vector")
    paths = write_export(model, tmp_path / "onnx")
    assert [path.name for path in paths] == ["encoder.onnx", "velocity.onnx", "decoder.onnx"]
    with pytest.raises(OutputError, match=r"encoder\.onnx exists; choose another folder or add --force"):
        write_export(model, tmp_path / "onnx")
    with pytest.raises(OutputError, match="name a folder"):
        write_export(model, paths[0])
