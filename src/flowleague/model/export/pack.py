"""A bundle as an entry in the contest's own interface: one readable file, and its weights beside it.

    OUT/submission_the_latents.py               `SubmissionInterface`, with the networks that this bundle needs
    OUT/the_latents_vae_1a2b3c4d.safetensors    the bundle's weight files, byte for byte
    OUT/the_latents_flow_5e6f7a8b.safetensors
    OUT/submission_the_latents.training.jsonl   the log, from which training performance is read
    OUT/bundle/the_latents.zip                  the bundle; apart, since all files beside the script count as weights

An evaluator fetches weights only when its working directory holds no file of that name. The names therefore begin
with the team's and end with the start of the content's SHA-256: neither another team's weights nor old ones are met.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from flowleague.bundle.files import FLOW_FILE, LOG_FILE, VAE_FILE, read_files, shown
from flowleague.bundle.read import parse_bundle, zip_bundle
from flowleague.errors import OutputError, PackError, printable
from flowleague.files import write_atomically
from flowleague.links import LinkError, drive_id, share_link
from flowleague.model.export.script import submission
from flowleague.model.latent_flow import LatentFlow

DIGITS = 8  # of the SHA-256 in a file's name
_LONGEST = 40  # letters of the team in a file's name
_SHORTEST_ID = 20  # a shorter id of a file on Drive was cut off in copying


@dataclass(frozen=True)
class Packed:
    """The files of a packed bundle."""

    script: Path
    vae: Path
    flow: Path
    log: Path
    bundle: Path


def pack(
    bundle: Path,
    out: Path,
    *,
    team: str,
    names: str = "",
    vae_link: str = "",
    flow_link: str = "",
    force: bool = False,
) -> Packed:
    """Write a bundle, folder or zip, as a submission; raises `BundleError`, `PackError` or `OutputError`.

    `names` are the members' private names and become part of the file. `vae_link` and `flow_link` are Google Drive's
    share links of the two weight files, empty where they are not known yet. `force` replaces an earlier submission of
    the team, its older weights too.
    """
    check_texts(team, names)
    vae_link, flow_link = _check_links(vae_link, flow_link)
    raw = read_files(bundle)
    content = parse_bundle(raw, shown(bundle))
    LatentFlow.from_bundle(content, shown(bundle))  # raises BundleError where weights and recipe do not fit
    packed = places(out, team, content.sha256)
    check_places(bundle, out, packed, force)
    text = submission(
        content.recipe.vae,
        content.recipe.flow,
        team=team,
        names=names,
        vae_file=packed.vae.name,
        flow_file=packed.flow.name,
        vae_link=vae_link,
        flow_link=flow_link,
    )
    write_atomically(packed.vae, raw[VAE_FILE])
    write_atomically(packed.flow, raw[FLOW_FILE])
    write_atomically(packed.log, raw[LOG_FILE])
    zip_bundle(bundle, packed.bundle)
    write_atomically(packed.script, text.encode())  # last: where it is, the others are
    for old in earlier_weights(out, team, "vae|flow") - {packed.vae, packed.flow}:
        old.unlink()
    return packed


def places(out: Path, team: str, sha256: dict[str, str]) -> Packed:
    """Where the files of a team's submission go."""
    name = file_name(team)
    return Packed(
        script=out / f"submission_{name}.py",  # never the name of a module, such as torch.py
        vae=out / f"{name}_vae_{sha256[VAE_FILE][:DIGITS]}.safetensors",
        flow=out / f"{name}_flow_{sha256[FLOW_FILE][:DIGITS]}.safetensors",
        log=out / f"submission_{name}.{LOG_FILE}",
        bundle=out / "bundle" / f"{name}.zip",
    )


def file_name(team: str) -> str:
    """What is left of a team's name in small letters, digits and underscores; "team" when nothing is.

    >>> file_name("Zoë's Team №1"), file_name("龍")
    ('zoe_s_team_no1', 'team')
    """
    plain = unicodedata.normalize("NFKD", team).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST].rstrip("_") or "team"


def earlier_weights(out: Path, team: str, parts: str) -> set[Path]:
    """The weight files that a team's submissions in a folder have or had; `parts` is a pattern of what they hold."""
    pattern = re.compile(rf"{file_name(team)}_({parts})_[0-9a-f]{{{DIGITS}}}\.safetensors")
    return {path for path in out.iterdir() if pattern.fullmatch(path.name)}


def check_texts(team: str, names: str) -> None:
    """Refuse a team without a name, and half characters, which no file can hold."""
    if not team.strip():
        raise PackError("The team has no name; give the one that the board shall show with --team.")
    for option, text in (("--team", team), ("--names", names)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PackError(f"{option} '{printable(text)}' is not UTF-8 text; type it again.") from error


def _check_links(vae_link: str, flow_link: str) -> tuple[str, str]:
    """Both links in their usual form, or empty where none is given; raises `PackError`."""
    vae_link = usual(vae_link, "--vae-link") if vae_link else ""
    flow_link = usual(flow_link, "--flow-link") if flow_link else ""
    if vae_link and vae_link == flow_link:
        raise PackError("Both links lead to the same file; give the link of each of the two weight files.")
    return vae_link, flow_link


def usual(link: str, option: str) -> str:
    """A link to one file of Google Drive in its usual form; raises `PackError`, which names the option."""
    try:
        id_ = drive_id(link)
        if len(id_) < _SHORTEST_ID:
            raise LinkError("does not name a file of Google Drive")
        return share_link(id_)
    except LinkError as error:
        raise PackError(
            f"{option}: '{printable(link)}' {error}; in Google Drive choose Share, Copy link on the weight file itself "
            "and give its link."
        ) from error


def check_places(bundle: Path, out: Path, packed: Packed, force: bool) -> None:
    """Refuse to write into the bundle, onto a folder, or onto files that are there; raises `OutputError`."""
    if out.resolve() == bundle.resolve():
        raise OutputError(f"{out} is the bundle itself; choose another folder.")
    check_free(astuple(packed), force)


def check_free(paths: Iterable[Path], force: bool) -> None:
    """Refuse to write onto a folder, or, without `force`, onto a file that is there; raises `OutputError`."""
    for path in paths:
        if path.is_dir() or (path.exists() and not force):
            raise OutputError(f"{path} exists; choose another folder{'' if path.is_dir() else ' or add --force'}.")
