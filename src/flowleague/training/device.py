"""Device and precision of training, and what a training card says of the hardware."""

import contextlib
import importlib.util
from contextlib import AbstractContextManager

import torch
from torch import nn

from flowleague.errors import TrainingError
from flowleague.hardware import this_machine


def choose_device(name: str | None = None) -> torch.device:
    """The named device, or the best there is: cuda, then mps, then cpu. Raises `TrainingError`."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name is None:
        name = next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    kind = name.partition(":")[0]
    if not available.get(kind, False):
        usable = ", ".join(kind for kind, there in available.items() if there)
        raise TrainingError(f"There is no device '{name}' here; use one of: {usable}.")
    return torch.device(name)


def training_precision(device: torch.device, *, matrix_heavy: bool = False) -> AbstractContextManager[object]:
    """A context: bfloat16 products where they are several times faster, float32 elsewhere.

    They are faster on cuda, and on a processor with matrix units for dense convolutions and matrix products; there
    depthwise convolutions are slower in bfloat16 than in float32.
    """
    if device.type == "cuda" or (device.type == "cpu" and matrix_heavy and has_matrix_units()):
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def has_matrix_units() -> bool:
    """Whether this processor multiplies matrices of bfloat16 in units of their own (Intel's AMX)."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)())


def compile_where_it_helps(*networks: nn.Module) -> None:
    """Compile networks in place on cuda if Triton is installed: steps this small are bound by kernel launches."""
    for network in networks:
        if any(weight.is_cuda for weight in network.parameters()) and importlib.util.find_spec("triton"):
            network.compile()


def synchronise(device: torch.device) -> None:
    """Wait until the device has finished its work; needed before the clock is read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def describe_hardware(device: torch.device) -> dict[str, str | int]:
    """The hardware of a training, as its card holds it: processor or GPU, cores, threads, system."""
    machine = this_machine()
    return {
        "device": device.type,
        "name": torch.cuda.get_device_name(device) if device.type == "cuda" else machine.processor,
        "cores": machine.cores,
        "threads": torch.get_num_threads(),
        "system": machine.system,
    }
