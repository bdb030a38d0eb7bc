"""Entries shaped like those of the contest, with fresh weights and a download that knows their links."""

import ast
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from flowleague.entrant.sandbox.inside.normalise import plain
from flowleague.entrant.source import read_source

FILES = Path(__file__).parent / "files"
WEIGHTS = {  # names of the weight files of VAE and flow, and what their links hold
    "mlp_vae.py": ("vae.safetensors", "flow.safetensors"),
    "conv_vae_grid.py": ("conv_vae.safetensors", "conv_flow.safetensors"),
    "flat_logits.py": ("flat_vae.safetensors", "flat_flow.safetensors"),
    "notebook.ipynb": ("vae.safetensors", "flow.safetensors"),
}


def networks(name: str) -> tuple[nn.Module, nn.Module]:
    """VAE and flow of a file, with weights that depend on nothing but its name."""
    text = "\n".join(plain(cell) for cell in read_source(FILES / name).cells)
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    module = ast.Module([node for node in classes if node.name in ("VAE", "FlowModel")], [])
    names = {"torch": torch, "nn": nn, "__name__": "networks"}
    exec(compile(module, name, "exec"), names)
    torch.manual_seed(len(name))
    return names["VAE"]().eval(), names["FlowModel"]().eval()


def write_weights(name: str, folder: Path) -> Path:
    """A folder with the weight files of an entry."""
    for network, file in zip(networks(name), WEIGHTS[name], strict=True):
        safetensors.torch.save_file(network.state_dict(), folder / file)
    return folder


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.long] * (name != "notebook.ipynb")) for name in WEIGHTS])
def contest_file(request, tmp_path) -> tuple[Path, Path]:
    """A file, and the folder of its weights."""
    return FILES / request.param, write_weights(request.param, tmp_path)
