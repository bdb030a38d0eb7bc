"""A loader that follows the contest's protocol and has only torch and safetensors; the tests run it as a process.

python -I stranger.py IMAGES FOLDER...    writes results.safetensors and facts.json into each folder
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

import safetensors.torch
import torch

for absent in ("flowleague", "torchvision", "gdown"):
    sys.modules[absent] = None  # pyright: ignore[reportArgumentType] - what makes an import fail

images = safetensors.torch.load_file(sys.argv[1])["images"]
for folder in map(Path, sys.argv[2:]):
    os.chdir(folder)
    before = sorted(os.listdir())
    (script,) = folder.glob("*.py")
    spec = importlib.util.spec_from_file_location("submission", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    submission = module.SubmissionInterface()
    moved = submission.to(torch.device("cpu"))
    latents = submission.encode(images)
    results = {"latents": latents, "decoded": submission.decode(latents)}
    for name, n, options in [("samples", 5, {}), ("two_steps", 5, {"n_steps": 2}), ("one", 1, {}), ("none", 0, {})]:
        torch.manual_seed(7)
        results[name] = submission.generate_samples(n, **options)
    facts = {
        "files": before,
        "info": submission.info,
        "latent_dim": submission.latent_dim,
        "device": str(submission.device),
        "moved_is_self": moved is submission,
        "learning": any(result.requires_grad for result in results.values()),
        "parameters": sum(
            p.numel() for network in (submission.vae, submission.flow_model) for p in network.parameters()
        ),
    }
    safetensors.torch.save_file({name: result.contiguous() for name, result in results.items()}, "results.safetensors")
    Path("facts.json").write_text(json.dumps(facts))
