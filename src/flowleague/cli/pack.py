"""The command that packs a bundle as a submission of the contest."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import BundleArgument

if TYPE_CHECKING:
    from flowleague.model.export import Packed


def pack(
    bundle: BundleArgument,
    team: Annotated[str, typer.Option(help="The public name of the team.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the submission.")],
    names: Annotated[str, typer.Option(help="Private names of the members; they become part of the file.")] = "",
    vae_link: Annotated[str, typer.Option(help="Google Drive's share link of the VAE's weights.")] = "",
    flow_link: Annotated[str, typer.Option(help="Google Drive's share link of the flow's weights.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier submission of the team.")] = False,
) -> None:
    """Write a bundle as one Python file in the contest's interface, with its weights beside it."""
    from flowleague.errors import PackError
    from flowleague.model.export import pack as write
    from flowleague.program.container import is_captured

    if is_captured(bundle):
        raise PackError(
            f"{bundle} is a captured entry, which holds programs and no source; hand in the zip itself, or pack the "
            "bundle that it was captured from."
        )
    packed = write(bundle, out, team=team, names=names, vae_link=vae_link, flow_link=flow_link, force=force)
    without_link = [path for path, link in ((packed.vae, vae_link), (packed.flow, flow_link)) if not link]
    say(f"Wrote {packed.script}")
    say(f"its weights {packed.vae} and {packed.flow}")
    say(f"its training log {packed.log}")
    say(f"and the bundle {packed.bundle}")
    if names:
        say(f"The names you gave, '{names}', are part of {packed.script.name}: who gets the file can read them.")
    say("Next:")
    for number, words in enumerate(next_steps(packed, team, without_link), 1):
        say(f"{number}. {words}", indent="  ")


def next_steps(packed: "Packed", team: str, without_link: list[Path]) -> list[str]:
    """What is left to do until the submission is in."""
    steps = []
    if without_link:
        names, links = (
            " and ".join(path.name for path in without_link),
            "their links" if len(without_link) > 1 else "its link",
        )
        steps.append(
            f"Upload {names} to Google Drive, and share with everyone who has the link; this does both: "
            f"flowleague share {' '.join(shlex.quote(str(path)) for path in without_link)}"
        )
        steps.append(
            f"Paste {links} into {packed.script} where it says PASTE THE LINK, "
            "or pack again with --vae-link, --flow-link and --force."
        )
    script, vae, flow, log = (shlex.quote(str(p)) for p in (packed.script, packed.vae, packed.flow, packed.log))
    steps.append(f"flowleague score {script} --weights {shlex.quote(str(packed.script.parent))}")
    steps.append(
        f"flowleague contest submit {script} --weights {vae} --weights {flow} --log {log} --team {shlex.quote(team)}"
    )
    return steps
