"""The command that uploads with the user's own sign-in and prints the links."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say


class Service(StrEnum):
    """Where files can go."""

    DRIVE = "drive"
    HUGGING_FACE = "hugging-face"
    GITHUB = "github"


def share(
    files: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE...", help="Bundles, captured entries, or .safetensors of `pack`.")
    ],
    to: Annotated[Service, typer.Option(help="The service to upload to.")] = Service.DRIVE,
    client: Annotated[
        Path | None,
        typer.Option(help="For drive, outside Colab: the JSON file of your OAuth client.", envvar="FLOWLEAGUE_CLIENT"),
    ] = None,
    repo: Annotated[str, typer.Option(help="For hugging-face and github: OWNER/NAME.")] = "",
    tag: Annotated[str, typer.Option(help="For github: the release.")] = "weights",
) -> None:
    """Upload a bundle or weights with your own sign-in, let everyone with the link read them, and print the links."""
    from flowleague.cli.options import shipped_or
    from flowleague.sharing import uploads

    found = uploads(shipped_or(path) for path in files)
    if to is Service.DRIVE:
        from flowleague.sharing.drive import share_on_drive
        from flowleague.sharing.google import google_session

        with google_session(client) as session:
            for upload in found:
                say(f"{upload.name}: {share_on_drive(session, upload)}")
        return
    if to is Service.HUGGING_FACE:
        from flowleague.sharing.hugging_face import share_on_hugging_face

        links = share_on_hugging_face(found, repo)
    else:
        from flowleague.sharing.github import github_session, share_on_github

        links = share_on_github(github_session(), found, repo, tag)
    for upload, link in zip(found, links, strict=True):
        say(f"{upload.name}: {link}")
