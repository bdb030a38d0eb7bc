"""Everything is on the CPU and nothing is compiled: files that say otherwise run all the same.

`eager` replaces `torch.compile` by the module itself behind the prefix `_orig_mod.` that its state dict has, and reads
weights to the CPU. `OnCPU` rewrites devices in torch's calls; it costs a little in each, so that it is entered only
for entries that ask for another device.
"""

import functools
import os
import re
from collections.abc import Callable
from typing import Any

ASKS = re.compile(
    r"not compiled with (CUDA|MPS|XPU)|Found no NVIDIA|deserialize object on (a )?(CUDA|MPS)|No (CUDA|HIP) GPUs"
    r"|not linked with support for (mps|cuda)|[Cc]annot access accelerator|CUDA driver|MPS backend"
)


def eager() -> None:
    """Make `torch.compile` do nothing and loading end on the CPU."""
    import safetensors.torch
    import torch

    if getattr(torch.compile, "eager", False):
        return
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # whole checkpoints load as they did before torch 2.6

    class Compiled(torch.nn.Module):
        """A module as `torch.compile` wraps it, without compiling."""

        def __init__(self, module: torch.nn.Module):
            super().__init__()
            self._orig_mod = module

        def forward(self, *arguments: Any, **options: Any) -> Any:
            """The module's own."""
            return self._orig_mod(*arguments, **options)

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self._modules["_orig_mod"], name)

    def compile_(model: Any = None, **options: Any) -> Any:
        if model is None:
            return lambda function: compile_(function)
        return Compiled(model) if isinstance(model, torch.nn.Module) else model

    compile_.eager = True  # type: ignore[attr-defined]
    torch.compile = compile_
    torch.nn.Module.compile = lambda self, *arguments, **options: None  # type: ignore[method-assign]
    torch.load = _loading(torch.load, "map_location", 1)
    safetensors.torch.load_file = _loading(safetensors.torch.load_file, "device", 1)


def _loading(load: Callable[..., Any], option: str, place: int) -> Callable[..., Any]:
    @functools.wraps(load)
    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) > place:
            arguments = (*arguments[:place], "cpu", *arguments[place + 1 :])
        else:
            options[option] = "cpu"
        return load(*arguments, **options)

    return call


def on_cpu() -> None:
    """From now on every device in torch's calls is the CPU."""
    import torch
    from torch.overrides import TorchFunctionMode

    class OnCPU(TorchFunctionMode):
        """Rewrites devices in arguments."""

        def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
            name = getattr(function, "__name__", "")
            if name in ("cuda", "xpu", "mps") and arguments and isinstance(arguments[0], torch.Tensor):
                return arguments[0]
            options = {key: _here(value) for key, value in (options or {}).items()}
            return function(*(_here(value) for value in arguments), **options)

    def same(module: torch.nn.Module, *arguments: Any, **options: Any) -> torch.nn.Module:
        return module

    OnCPU().__enter__()
    real = torch.nn.Module.to
    torch.nn.Module.to = lambda self, *a, **k: real(self, *map(_here, a), **{n: _here(v) for n, v in k.items()})
    torch.nn.Module.cuda = torch.nn.Module.xpu = same  # type: ignore[method-assign]
    generator = torch.Generator
    torch.Generator = lambda device="cpu": generator("cpu")  # type: ignore[misc,assignment]
    for name in (
        "synchronize",
        "empty_cache",
        "set_device",
        "manual_seed",
        "manual_seed_all",
        "reset_peak_memory_stats",
    ):
        setattr(torch.cuda, name, lambda *arguments, **options: None)


def _here(value: Any) -> Any:
    """A device, or its name, as the CPU; anything else as it is."""
    import torch

    if isinstance(value, torch.device):
        return value if value.type in ("cpu", "meta") else torch.device("cpu")
    if isinstance(value, str) and re.fullmatch(r"(cuda|mps|xpu|hip)(:\d+)?", value):
        return "cpu"
    return value
