"""The command that packs a model as a submission of the contest."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import EntryArgument


def pack(
    entry: EntryArgument,
    team: Annotated[str, typer.Option(help="The public name of the team.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the submission.")],
    names: Annotated[str, typer.Option(help="Private names of the members; they become part of the file.")] = "",
    vae_link: Annotated[str, typer.Option(help="Google Drive's share link of the VAE's weights.")] = "",
    flow_link: Annotated[str, typer.Option(help="Google Drive's share link of the flow's weights.")] = "",
    link: Annotated[str, typer.Option(help="Of a captured entry: Google Drive's share link of its constants.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier submission of the team.")] = False,
) -> None:
    """Write a bundle or captured entry as one Python file in the contest's interface, with its weights beside it."""
    from flowleague.errors import PackError
    from flowleague.model.export import pack as write
    from flowleague.program.container import is_captured
    from flowleague.program.packing import pack_programs

    if is_captured(entry):
        if vae_link or flow_link:
            raise PackError("A captured entry has one file of constants; give its link with --link.")
        made = pack_programs(entry, out, team=team, names=names, link=link, force=force)
        without_link = [] if link else [made.constants]
        weights, log, options = [made.constants], made.log, "--link"
        say(f"Wrote {made.script}, one line for each operation,")
        say(f"and its constants {made.constants}")
    else:
        if link:
            raise PackError("A bundle has two weight files; give their links with --vae-link and --flow-link.")
        packed = write(entry, out, team=team, names=names, vae_link=vae_link, flow_link=flow_link, force=force)
        made, weights, log, options = packed, [packed.vae, packed.flow], packed.log, "--vae-link, --flow-link"
        without_link = [path for path, given in ((packed.vae, vae_link), (packed.flow, flow_link)) if not given]
        say(f"Wrote {packed.script}")
        say(f"its weights {packed.vae} and {packed.flow}")
        say(f"its training log {packed.log}")
        say(f"and the bundle {packed.bundle}")
    if names:
        say(f"The names you gave, '{names}', are part of {made.script.name}: who gets the file can read them.")
    say("Next:")
    for number, words in enumerate(next_steps(made.script, weights, log, team, without_link, options), 1):
        say(f"{number}. {words}", indent="  ")


def next_steps(
    script: Path, weights: list[Path], log: Path | None, team: str, without_link: list[Path], options: str
) -> list[str]:
    """What is left to do until the submission is in; `options` take the links of its weights."""
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
            f"Paste {links} into {script} where it says PASTE THE LINK, or pack again with {options} and --force."
        )
    handed_in = " ".join(f"--weights {shlex.quote(str(path))}" for path in weights)
    logged = f"--log {shlex.quote(str(log))} " if log else ""
    place, name = shlex.quote(str(script)), shlex.quote(team)
    steps.append(f"flowleague score {place} --weights {shlex.quote(str(script.parent))}")
    steps.append(f"flowleague contest submit {place} {handed_in} {logged}--team {name}")
    return steps
