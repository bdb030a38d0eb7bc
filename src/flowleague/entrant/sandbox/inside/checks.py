"""Was the right thing built? A trap on training, and what can be compared of two built objects.

While module statements run, `backward` raises `Training` and remembers the leaves of the loss's graph with their
versions. A parameter of the built object that is such a leaf with the same version was to be trained and has not been
loaded since (`load_state_dict` raises the version). Parameters that change with the seed were neither loaded nor set.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_MOST_NODES = 200_000
_LONGEST_NUMBER = 10_000  # bits of an attribute; of longer ones Python may refuse to write the digits


class Training(BaseException):
    """The entry began to train, which it does not do here; not an Exception, so that no `except Exception` hides it."""


class Trap:
    """Stops training while it is set, and remembers what was to be trained."""

    def __init__(self) -> None:
        self.stopped = False
        self.leaves: dict[int, tuple[Any, int]] = {}  # by id: the tensor, kept alive, and its version

    def stop(self, roots: Any) -> None:
        """Remember the leaves below some tensors, and raise `Training`."""
        self.stopped = True
        for leaf in _leaves(roots):
            self.leaves[id(leaf)] = (leaf, leaf._version)
        raise Training("training is not run here")

    def stale(self, submission: Any) -> dict[str, int]:
        """Numbers of each part that were to be trained and have not been loaded since."""
        found: dict[str, int] = {}
        for part, _, parameter in parameters(submission):
            if id(parameter) in self.leaves and self.leaves[id(parameter)][1] == parameter._version:
                found[part] = found.get(part, 0) + int(parameter.numel())
        return found

    @contextmanager
    def set(self) -> Iterator[None]:
        """Stop training within."""
        import torch

        with _replaced(self._replacements(torch)):
            yield

    def _replacements(self, torch: Any) -> list[tuple[Any, str, Any]]:
        import safetensors.torch

        def backward(tensor: Any, *rest: Any, **options: Any) -> None:
            self.stop(tensor)

        def guarded(save: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                if self.stopped:  # what is saved now has not been trained
                    raise Training("saving after a training is not run here")
                return save(*arguments, **options)

            return call

        saves = [(torch, "save"), (safetensors.torch, "save_file"), (safetensors.torch, "save_model")]
        places = [(torch.Tensor, "backward", backward), (torch.autograd, "backward", backward)]
        return places + [(owner, name, guarded(getattr(owner, name))) for owner, name in saves]


@contextmanager
def _replaced(places: list[tuple[Any, str, Any]]) -> Iterator[None]:
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, value in places:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def _leaves(roots: Any) -> Iterator[Any]:
    """Leaf tensors of the graphs below tensors, or the parameters of a module."""
    if hasattr(roots, "parameters"):
        yield from roots.parameters()
        return
    roots = roots if isinstance(roots, (list, tuple)) else [roots]
    ahead, seen = [getattr(root, "grad_fn", None) for root in roots], set()
    while ahead and len(seen) < _MOST_NODES:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        ahead += [function for function, _ in node.next_functions]


def parameters(submission: Any) -> Iterator[tuple[str, str, Any]]:
    """Part, name and tensor of each parameter of `vae` and `flow_model`; of the submission where it has neither."""
    parts: list[tuple[str, Any]] = [(name, getattr(submission, name, None)) for name in ("vae", "flow_model")]
    modules = [(name, part) for name, part in parts if hasattr(part, "named_parameters")]
    if not modules and hasattr(submission, "named_parameters"):
        modules = [("SubmissionInterface", submission)]
    for part, module in modules:
        for name, parameter in module.named_parameters():
            if type(parameter).__name__ != "UninitializedParameter":
                yield part, name, parameter


def numbers(submission: Any) -> dict[str, tuple[str, int]]:
    """Digest and size of each parameter."""
    import torch

    found = {}
    for part, name, parameter in parameters(submission):
        raw = parameter.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
        found[f"{part}.{name}"] = (hashlib.sha256(raw).hexdigest(), int(parameter.numel()))
    return found


def plain_attributes(submission: Any) -> str:
    """Attributes that are numbers, strings and displays of them, as text."""
    held = {name: value for name, value in vars(submission).items() if not name.startswith("_") and _is_plain(value)}
    return repr(sorted(held.items()))[:20_000]


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, (list, tuple, set)) and depth < 4:
        return all(_is_plain(part, depth + 1) for part in value)
    if isinstance(value, dict) and depth < 4:
        return all(_is_plain(part, depth + 1) for pair in value.items() for part in pair)
    if type(value) is int:
        return value.bit_length() < _LONGEST_NUMBER
    return value is None or type(value) in (float, str, bool, complex, bytes)


def outputs(ask: Callable[[str, Any], Any]) -> dict[str, str]:
    """Digests of what `encode`, `decode` and `generate_samples` return on fixed input, or their errors, by name."""
    import torch

    grid = torch.linspace(0, 1, 3 * 28 * 28).reshape(3, 1, 28, 28)
    found, latents = {}, None
    for name, given in (("encode", grid), ("decode", None), ("generate_samples", 3)):
        try:
            value = ask(name, latents if name == "decode" else given)
            latents = torch.from_numpy(value) if name == "encode" else latents
            found[name] = hashlib.sha256(value.tobytes()).hexdigest()
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"[:300]
    return found
