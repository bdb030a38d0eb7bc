"""Taking in many files at once: a download from Canvas, or a folder, or a zip of one.

`flowleague.contest.canvas` reads Canvas's names. A person's name is not kept, and nothing of it becomes public. The
team is the one to which private.toml gives the user id; else the one that the file names itself, if nobody has that
name yet; else a made-up one. In a plain folder the team is the sub-folder's name, or the file's.

A file that cannot be taken in is reported with the reason, and the others are taken in.
"""

import ast
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from zipfile import ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from flowleague.archive import MIB, ZipLimits, check_member, open_zip, read_member
from flowleague.bundle.files import LIMITS as BUNDLE_FILES
from flowleague.contest.canvas import Reading, readings, settle
from flowleague.contest.entry_files import ENDINGS, is_log
from flowleague.contest.folder import ContestError, add_private, read_canvas_ids
from flowleague.contest.records import writing
from flowleague.contest.rules import Rules, read_rules
from flowleague.contest.state import Submission, state_of
from flowleague.contest.submit import Parcel, claim_name, enter, prepare
from flowleague.contest.teams import TeamError, clean_name
from flowleague.errors import FlowLeagueError, printable
from flowleague.files import read_regular

_AGAIN = re.compile(r"-\d+(?=\.[^.]+$)")  # Canvas adds -1, -2 to the name of a file that is sent again
_DOWNLOAD = ZipLimits(members=10_000, directory=4 * MIB, total=2**36)  # of a class, where each file has its own limit
TEAM = re.compile(r"""['"]team['"]\s*:\s*(?P<name>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")


@dataclass(frozen=True)
class Found:
    """Files that belong together: what to call them in public, the entry, and the Canvas user id where there is one."""

    label: str
    parcel: Parcel
    user: str = ""


@dataclass(frozen=True)
class Taken:
    """What became of one file: its entry (`known`: it was an entry already), or the reason why it is none."""

    label: str
    entry: Submission | None = None
    known: bool = False
    problem: str = ""


def take_in(folder: Path, source: Path, at: datetime | None = None, now: datetime | None = None) -> list[Taken]:
    """Take in every entry in a folder or zip; `at` is when they were sent in, in local time; else the files say it.

    Raises `ContestError` when there is nothing to take in.
    """
    rules = read_rules(folder)
    with _opened(source, rules) as (place, refused):
        found, asked = _find(place, rules)
        refused = [*asked, *refused]
        if not found and not refused:
            raise ContestError(f"{source} holds no entry; give a folder or zip with bundles, .py or .ipynb files.")
        if at:
            moment = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(rules.time.zone))
            found = [replace(each, parcel=replace(each.parcel, submitted=moment)) for each in found]
        found.sort(
            key=lambda each: each.parcel.submitted or datetime.now(UTC)
        )  # the newest is recorded last: it counts
        return [*(_take(folder, each, rules, now or datetime.now(UTC)) for each in found), *refused]


def _take(folder: Path, found: Found, rules: Rules, now: datetime) -> Taken:
    parcel = found.parcel
    try:
        with writing(folder) as writer:
            state = state_of(writer.records)
            owner = read_canvas_ids(folder).get(found.user) if found.user else None
            name = clean_name(owner or parcel.team)
            team = state.team(name)
            if found.user and not owner and team:
                raise TeamError(
                    f"It calls itself {team.name}, which is another team's name; if they are one team, add the Canvas "
                    "user id to that team in private.toml and take the files in again."
                )
            name = team.name if team else name
            prepared = prepare(parcel, name, rules, state, now)
            if isinstance(prepared, Submission):
                return Taken(found.label, prepared, known=True)
            if found.user:
                add_private(folder, name, canvas=[found.user])
            if team is None:
                claim_name(writer, name, None, now)
            return Taken(found.label, enter(writer, prepared, now))
    except FlowLeagueError as error:
        return Taken(found.label, problem=str(error).replace(str(parcel.file), found.label))


def _find(place: Path, rules: Rules) -> tuple[list[Found], list[Taken]]:
    """The entries in a folder, and the files of a Canvas download of which it is not plain whose they are.

    An entry is named as Canvas names it, or is a bundle, a sub-folder with an entry and its weights, or a single file.
    """
    for folder in (place, *sorted(path for path in place.iterdir() if path.is_dir())):
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        if named := settle([path.name for path in files]):
            return _from_canvas(folder, named, rules), _unclear(files, named)
    found = [
        Found(path.name, Parcel(path.stem, path, submitted=_time(path)))
        for path in sorted(place.iterdir())
        if path.is_file() and path.suffix.lower() in ENDINGS
    ]
    for inner in sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))):
        if all((inner / name).is_file() for name in BUNDLE_FILES):
            found.append(Found(inner.name, Parcel(inner.name, inner, submitted=_time(inner / "card.json"))))
            continue
        held = [path for path in sorted(inner.iterdir()) if path.is_file()]
        weights = [path for path in held if path.suffix == ".safetensors" or is_log(path.name)]
        for path in held:
            if path.suffix.lower() in ENDINGS:
                mine = () if path.suffix.lower() == ".zip" else weights
                found.append(Found(f"{inner.name}/{path.name}", Parcel(inner.name, path, mine, submitted=_time(path))))
    return found, []


def _unclear(files: list[Path], named: dict[str, list[Reading]]) -> list[Taken]:
    """Files of a Canvas download that nobody can be given without asking."""
    unclear = []
    for path in files:
        ways = named.get(path.name, [])
        if len(ways) > 1:
            users = " or ".join(way.user for way in ways)
            unclear.append(Taken(printable(path.name), problem=f"It may be of the Canvas user {users}."))
        elif not ways and path.suffix.lower() in ENDINGS:
            unclear.append(Taken(printable(path.name), problem="Its name is none of Canvas's; whose is it?"))
    return unclear


def _from_canvas(folder: Path, settled: dict[str, list[Reading]], rules: Rules) -> list[Found]:
    """The entries among files with Canvas's names; weights of the same person belong to them."""
    named = {folder / name: ways[0] for name, ways in settled.items() if len(ways) == 1}
    found = []
    for path, reading in named.items():
        if path.suffix.lower() not in ENDINGS:
            continue
        own = [other for other, each in named.items() if each.user == reading.user]
        weights = [path for path in own if path.suffix == ".safetensors" or is_log(_own_name(named[path]))]
        # Canvas kept the deadline; the times inside its zip are only used where they do not contradict it
        submitted = max(_time(path), rules.time.opens)
        submitted = submitted if reading.late else min(submitted, rules.time.closes)
        team = named_team(path) or f"Team {secrets.token_hex(3)}"
        mine = () if path.suffix.lower() == ".zip" else _plainly_named(weights, named)
        parcel = Parcel(team, path, mine, submitted=submitted, late=reading.late)
        found.append(Found(printable(_own_name(reading), 100), parcel, reading.user))
    return found


def _plainly_named(weights: list[Path], named: dict[Path, Reading]) -> tuple[Path, ...]:
    """The weights in a folder of their own, under the names that the entry's code knows them by."""
    moved = []
    for path in weights:
        target = path.parent / f".weights-{named[path].user}" / _own_name(named[path])
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            os.link(path, target)
        moved.append(target)
    return tuple(moved)


def _own_name(reading: Reading) -> str:
    """The name that a file had before Canvas renamed it."""
    return _AGAIN.sub("", reading.file)


def named_team(path: Path) -> str:
    """The team that a .py or .ipynb gives in its ``info``, read without running it; empty when there is none."""
    try:
        source = read_regular(path, 4 * MIB)[: 4 * MIB].decode()
        if path.suffix.lower() == ".ipynb":
            cells = json.loads(source)["cells"]
            source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        match = TEAM.search(source)
        return clean_name(ast.literal_eval(match["name"])) if match else ""
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, RecursionError, TeamError):
        return ""


def _time(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


@contextmanager
def _opened(source: Path, rules: Rules) -> Iterator[tuple[Path, list[Taken]]]:
    """A private copy of the entries' files in a folder or zip, and those that were refused.

    Links are left out, and no path leads out of the copy.
    """
    with tempfile.TemporaryDirectory(prefix="flowleague-") as name:
        place = Path(name) / "files"
        place.mkdir()
        yield place, _copy(source, place) if source.is_dir() else _unpack(source, place, rules)


def _copy(source: Path, place: Path) -> list[Taken]:
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if _is_wanted(inner) and path.is_file() and not path.is_symlink():
            (place / inner).parent.mkdir(exist_ok=True)
            shutil.copy2(path, place / inner)
    return []


def _is_wanted(inner: PurePath) -> bool:
    """Whether a file with this path in a download may belong to an entry: at the top, or in a folder there."""
    shown = not any(part.startswith((".", "__")) for part in inner.parts)
    known = inner.name in BUNDLE_FILES or inner.suffix.lower() in (*ENDINGS, ".safetensors")
    return not inner.is_absolute() and len(inner.parts) <= 2 and shown and known


def _unpack(source: Path, place: Path, rules: Rules) -> list[Taken]:
    """Unpack the wanted files of a zip with their times, read as the contest's; returns those that are refused."""
    refused = []
    try:
        with source.open("rb") as file, open_zip(file, _DOWNLOAD) as archive:
            for member in archive.infolist():
                inner = PurePosixPath(member.filename)
                if member.is_dir() or not _is_wanted(inner):
                    continue
                try:
                    _unpack_member(archive, member, place / inner, rules)
                except (OSError, ValueError) as error:
                    (place / inner).unlink(missing_ok=True)
                    refused.append(
                        Taken(_label(inner.name), problem=f"It cannot be unpacked: {_reason(error, inner)}.")
                    )
    except FileNotFoundError as error:
        raise ContestError(f"There is nothing at {source}; is the path right?") from error
    except (OSError, ValueError) as error:
        raise ContestError(
            f"{source} is no zip that can be read ({printable(error)}); download it again, or unpack it and give the "
            "folder."
        ) from error
    return refused


def _unpack_member(archive: ZipFile, member: ZipInfo, target: Path, rules: Rules) -> None:
    check_member(member, rules.entries.largest_file_mib * MIB)
    moment = datetime(*member.date_time, tzinfo=ZoneInfo(rules.time.zone)).timestamp()
    if set(member.filename) & set("\\:"):
        raise ValueError("its name holds a backslash or a colon")  # which are paths on Windows
    target.parent.mkdir(exist_ok=True)
    with target.open("xb") as file:  # never over another file of the same name
        try:
            file.writelines(read_member(archive, member))
        except (OSError, ValueError):
            target.unlink()
            raise
    os.utime(target, (moment, moment))


def _label(name: str) -> str:
    """What to call a file in public: without the person's name that Canvas puts in front."""
    ways = readings(name)
    return printable(_own_name(ways[0]) if ways else name, 100)


def _reason(error: OSError | ValueError, inner: PurePath) -> str:
    """Why a member cannot be unpacked, without its name, which may hold a person's."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(words).replace(printable(inner, 50), "it")
