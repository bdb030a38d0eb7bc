"""Golden files of finished models: the shipped ones, a packed file, what is exported, and a scorecard."""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from tests.same.content import Content, held_out_digits, sha256_of, training_digits

from flowleague import shipped
from flowleague.bundle.read import read_bundle
from flowleague.data import Split
from flowleague.entrant.bundle import open_bundle
from flowleague.judge.evidence import Plan, RealDigits
from flowleague.judge.judges import load_judges
from flowleague.judge.measure import measure_model
from flowleague.live import in_onnx, live_piece
from flowleague.model.cost import cost
from flowleague.model.export import pack
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.scorecard.card import Timing, to_json
from flowleague.training.card import training_flops

SOLVERS = ("euler", "midpoint", "heun", "rk4")
PLAN = Plan("golden", samples=150, decoded=50, manifold=100, neighbours=20, timed=20, turns=2)
HARDWARE = "hardware"  # of a scorecard: the one block, beside the timing, that says where it was measured


def first_images(n: int) -> torch.Tensor:
    """The first test images."""
    return torch.from_numpy(held_out_digits().pixels()[:n])


def cut(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """Of images the first two, of other rows the first eight, and of all a mean a row."""
    first = {name: array[: 2 if array.ndim == 4 else 8] for name, array in arrays.items()}
    means = {f"{name} means": array.reshape(len(array), -1).mean(1, np.float64) for name, array in arrays.items()}
    return first | means


def as_files(name: str, arrays: dict[str, NDArray]) -> dict[str, Content]:
    """Slices of arrays, and hashes of the whole."""
    hashes = {key: sha256_of({key: array}) for key, array in arrays.items()}
    return {f"{name}.npz": cut(arrays), f"{name}.bits.json": json.dumps(hashes, indent=1)}


def model_of(name: str) -> dict[str, Content]:
    """What a shipped model computes, and what it costs."""
    model = LatentFlow.load(shipped.bundle(name))
    images = first_images(64)
    codes, latents = model.vae.posterior(images)[0], model.encode(images)
    arrays = {
        "codes": codes,
        "decoded codes": model.decode(codes),
        "refined": latents,
        "decoded refined": model.decode(latents),
        "generated": model.generate(64, seed=1),
        "log_likelihood": model.log_likelihood(codes[:8], steps=8),
        "straightness": model.straightness(32, steps=5),
    }
    costs = cost(model.recipe.vae, model.recipe.flow)
    counted = asdict(costs) | {"training_flops": training_flops(model.recipe.stages(), costs)}
    files = as_files(f"model-{name}", {key: tensor.numpy() for key, tensor in arrays.items()})
    return files | {f"model-{name}.cost.json": json.dumps(counted, indent=1)}


def solvers() -> dict[str, Content]:
    """The path of eight samples of `max` by each solver."""
    model = LatentFlow.load(shipped.bundle("max"))
    drawn = noise(1, 0, 8, model.recipe.vae.latent)
    paths = {name: torch.stack(list(model.paths(drawn, solver=name, steps=4))).transpose(0, 1) for name in SOLVERS}
    hashes = {name: sha256_of({name: path.numpy()}) for name, path in paths.items()}
    slices = {name: path[:4].numpy() for name, path in paths.items()}
    return {"solvers.npz": slices, "solvers.bits.json": json.dumps(hashes, indent=1)}


def packed() -> dict[str, Content]:
    """What the packed file of `tiny` computes: its numbers, not its text."""
    with tempfile.TemporaryDirectory() as place, torch.random.fork_rng():
        files = pack(shipped.bundle("tiny"), Path(place), team="Golden")
        spec = importlib.util.spec_from_file_location("golden_submission", files.script)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        with contextlib.chdir(place):
            spec.loader.exec_module(module)
            submission = module.SubmissionInterface()
        latents = submission.encode(first_images(16))
        arrays = {"refined": latents, "decoded refined": submission.decode(latents)}
        arrays["decoded"] = submission.decode(torch.linspace(-2, 2, latents.numel()).view_as(latents))
        torch.manual_seed(7)
        arrays["samples"] = submission.generate_samples(16).reshape(-1, 1, 28, 28)
        torch.manual_seed(7)
        arrays["two_steps"] = submission.generate_samples(4, n_steps=2).reshape(-1, 1, 28, 28)
    return as_files("packed", {key: tensor.numpy() for key, tensor in arrays.items()})


def exported() -> dict[str, Content]:
    """Hashes of the ONNX networks, and the data block of the live page, of a bundle whose flow is not cut."""
    arrays = read_bundle(shipped.bundle("max"))
    onnx = {part: network.SerializeToString(deterministic=True) for part, network in in_onnx(arrays).items()}
    found = re.search(r'class="live-data">(.*?)</script>', live_piece(arrays), re.DOTALL)
    assert found
    data = json.loads(found[1])
    parts = data.pop("programs") | {"constants": data.pop("constants"), "block": data.pop("block")}
    programs = {part: json.dumps(program, sort_keys=True) for part, program in parts.items()}
    held = {"onnx": sha256s(onnx), "page": data, "programs": sha256s(programs)}
    return {"exported.json": json.dumps(held, indent=1)}


def sha256s(contents: dict[str, bytes] | dict[str, str]) -> dict[str, str]:
    """The hash of each content."""
    raw = {name: content.encode() if isinstance(content, str) else content for name, content in contents.items()}
    return {name: hashlib.sha256(content).hexdigest() for name, content in raw.items()}


def scorecard() -> dict[str, Content]:
    """The scorecard of `tiny` by a small plan, on few training images, without timing, hardware and build."""
    train = training_digits().train
    digits = RealDigits(Split(train.images[:2000], train.labels[:2000]), held_out_digits(), PLAN)
    with empty_cache(), open_bundle(shipped.bundle("tiny"), name="tiny") as model:
        card = measure_model(model, digits, load_judges("mnist"), "mnist")
    content = json.loads(to_json(msgspec.structs.replace(card, timing=Timing())))
    del content[HARDWARE], content["evaluator"]
    return {"scorecard.jsonl": json.dumps(content) + "\n"}


@contextlib.contextmanager
def empty_cache() -> Iterator[None]:
    """Within this context nothing that was read before is found, so that all of it is computed."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = place
        try:
            yield
        finally:
            del os.environ["XDG_CACHE_HOME"]
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before
