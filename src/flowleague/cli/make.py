"""Commands that make things: train a model, generate samples, reconstruct digits."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.bundle.solvers import SOLVERS
from flowleague.cli import completion
from flowleague.cli.layout import say
from flowleague.cli.options import DataOption, DeviceOption, EntryArgument, ForceOption, load_model, output

if TYPE_CHECKING:
    from flowleague.entrant.model import Array
    from flowleague.model.latent_flow import LatentFlow
    from flowleague.training.run import Report


class Tracker(StrEnum):
    """Where a run can be watched."""

    TENSORBOARD = "tensorboard"
    TRACKIO = "trackio"
    WANDB = "wandb"


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A recipe, which `flowleague recipes` lists, or a file of yours (my.toml).",
            autocompletion=completion.recipes,
        ),
    ] = "quick",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the run; runs/RECIPE by default, with another seed in its name."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in that folder.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a value of the recipe; repeatable.",
            autocompletion=completion.changes,
        ),
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds for all stages; sets how many images are used.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and noise.")] = None,
    checkpoint_to: Annotated[
        Path | None, typer.Option(help="A second folder for checkpoints and bundle, such as a mounted Drive.")
    ] = None,
    log_to: Annotated[
        Tracker | None, typer.Option(help="Send the figures that the run logs on to a tracker, too.")
    ] = None,
    data: DataOption = None,
    device: DeviceOption = None,
) -> None:
    """Train a VAE and a flow on its latents, and write a bundle."""
    from flowleague.bundle.recipe import get_recipe
    from flowleague.cli.progress import draw_progress
    from flowleague.data import load_training, no_test_images
    from flowleague.training import train as training
    from flowleague.training.mirror import Mirror
    from flowleague.training.trackers import tracked
    from flowleague.training.train import is_finished

    changes = list(change or [])
    changes += [f"budget={budget}"] * (budget is not None) + [f"seed={seed}"] * (seed is not None)
    chosen = get_recipe(recipe, changes)
    name = Path(recipe).stem
    folder = out or Path("runs") / (f"{name}-seed{chosen.seed}" if chosen.seed else name)
    if resume and is_finished(folder):
        say(f"{folder} is finished already.")
    mirror = Mirror(checkpoint_to, folder.name, tell=print) if checkpoint_to else None
    try:
        with no_test_images():
            digits = load_training(chosen.dataset, data)
            reports = training.train(chosen, folder, digits, device=device, resume=resume, mirror=mirror)
            with tracked(log_to, folder, chosen) if log_to else nullcontext() as send:
                draw_progress(_sending(reports, send) if send else reports, list(chosen.stages()))
    except KeyboardInterrupt:
        say(f"\nStopped. Nothing is lost: the same command with --resume continues from the checkpoint in {folder}.")
        raise typer.Exit(130) from None
    say(f"The bundle is {folder}, and as one file {folder}.zip. Next: flowleague score {folder}")


def _sending(reports: "Iterator[Report]", send: Callable[[], None]) -> "Iterator[Report]":
    """The reports of a training, which are passed on after what was logged was sent."""
    for report in reports:
        send()
        yield report
    send()


def generate(
    entry: EntryArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Output file: .png, .gif (noise to digit), .npz or .safetensors.")
    ],
    n: Annotated[int, typer.Option(help="How many samples.", min=1, max=1_000_000)] = 100,
    seed: Annotated[int, typer.Option(help="Sample number k depends on the seed and k alone.", min=0)] = 0,
    solver: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(SOLVERS)}; the recipe's by default.", autocompletion=completion.solvers),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Solver steps; the recipe's by default.", min=1, max=10_000)] = None,
    device: DeviceOption = None,
    force: ForceOption = False,
) -> None:
    """Generate new digits as a picture, an animation of the flow, or arrays."""
    from flowleague.entrant.captured import open_captured
    from flowleague.errors import OutputError
    from flowleague.program.container import is_captured

    if out.suffix not in (".png", ".gif", ".npz", ".safetensors"):
        raise OutputError(f"{out} has no known ending; use .png, .gif, .npz or .safetensors.")
    captured = is_captured(entry)
    if captured and (solver or steps or out.suffix == ".gif"):
        raise OutputError(
            f"{entry} is a captured entry, whose solver and steps are part of its program and whose path is not told; "
            "leave out --solver and --steps, and write .png, .npz or .safetensors."
        )
    with output(out, force) as write:
        if captured:
            with open_captured(entry) as model:
                write(encode_images(model.generate(n, seed), out.suffix))
        else:
            write(encode_samples(load_model(entry, device), out.suffix, n, seed, solver, steps))


def encode_samples(model: "LatentFlow", kind: str, n: int, seed: int, solver: str | None, steps: int | None) -> bytes:
    """Samples as the content of a file of the given ending."""
    from flowleague import pictures
    from flowleague.model.randomness import noise

    if kind == ".gif":
        film = model.film(noise(seed, 0, n, model.recipe.vae.latent), solver=solver, steps=steps)
        return pictures.gif([model.vae.decode(z).cpu().numpy() for z in film])
    return encode_images(model.generate(n, seed=seed, solver=solver, steps=steps).cpu().numpy(), kind)


def encode_images(images: "Array", kind: str) -> bytes:
    """Images (N, 1, 28, 28) as the content of a file of the given ending."""
    import safetensors.numpy

    from flowleague import pictures

    if kind == ".safetensors":
        return safetensors.numpy.save({"images": images})
    return pictures.png(images) if kind == ".png" else pictures.npz(images)


def reconstruct(
    entry: EntryArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write (.png).")],
    n: Annotated[int, typer.Option(help="How many test digits, in file order.", min=1, max=10_000)] = 50,
    data: DataOption = None,
    device: DeviceOption = None,
    force: ForceOption = False,
) -> None:
    """Draw test digits above their reconstructions."""
    import torch

    from flowleague import pictures
    from flowleague.data import load_test
    from flowleague.entrant.captured import open_captured
    from flowleague.program.container import is_captured

    with output(out, force) as write:
        if is_captured(entry):
            with open_captured(entry) as captured:
                images = load_test(captured.dataset, data).pixels(n)
                decoded = captured.decode(captured.encode(images))
        else:
            model = load_model(entry, device)
            images = load_test(model.recipe.dataset, data).pixels(n)
            decoded = model.decode(model.encode(torch.from_numpy(images))).cpu().numpy()
        write(pictures.pairs_png(images, decoded))
