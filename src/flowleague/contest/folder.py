"""A contest is a folder that can be kept in git.

contest.toml     the rules
analysis.toml    the organiser's marks for analysis quality, which break ties
entries/<team>/<time>-<id>/   an entry: its file, its weights, submission.json, scorecard-<round>.json
records.jsonl, records.head   what happened
history/         boards of past contests
private/         the held-out judge, and reports about how entries were trained; git ignores it
private.toml     the secret of the seeds, and names of people, which only the export for Canvas reads, for their ids;
                 git ignores it
"""

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from flowleague.contest.past import read_past
from flowleague.contest.rules import RULES_FILE, Rules, parse_rules, read_rules
from flowleague.contest.state import State
from flowleague.contest.teams import name_key
from flowleague.contest.toml import RulesError, line_of, parse_toml, quoted, read_text
from flowleague.errors import FlowLeagueError
from flowleague.files import write_atomically

ANALYSIS_FILE, _PRIVATE_FILE = "analysis.toml", "private.toml"
PRIVATE_FOLDER = "private"
_GITIGNORE = f"/{_PRIVATE_FILE}\n/{PRIVATE_FOLDER}/\n*.answers.toml\ngrades*.csv\n/.lock\n/.staging/\n/.measuring/\n"
_SECRET = "secret"
_ANALYSIS = """# Marks for the quality of a team's analysis: higher is better. They order teams with equal scores.
#
# [marks."Team name"]
# mark = 8.5
# reviewer = "Name"
# remark = "why"
"""
PRIVATE = """# Names of people, and the secret of the seeds. Git ignores this file, and no export shows it.
#
# [teams."Team name"]
# people = ["Name", "Name"]
# canvas = ["12345"]  # Canvas user ids, for taking files in and for the gradebook
# anonymous = ["aB3xZ"]  # what stands for a user where grading is anonymous
"""


class Mark(Struct, forbid_unknown_fields=True):
    """A mark in analysis.toml, who gave it, and why."""

    mark: Annotated[float, Meta(ge=-1e6, le=1e6)]
    reviewer: Annotated[str, Meta(min_length=1)]
    remark: str = ""


class ContestError(FlowLeagueError):
    """A contest cannot be made, or does not allow what was asked."""


@dataclass(frozen=True)
class Contest:
    """The folder of a contest with its rules and the state that its records amount to."""

    folder: Path
    rules: Rules
    state: State


def open_contest(folder: Path) -> Contest:
    """Read a contest; raises `RulesError` or `RecordsError`."""
    rules = read_rules(folder)
    return Contest(folder, rules, read_past(folder).state)


def new_contest(
    folder: Path,
    *,
    name: str | None = None,
    dataset: str = "mnist",
    zone: str = "UTC",
    opens: datetime | None = None,
    closes: datetime | None = None,
) -> Rules:
    """Write a contest's folder with the assignment's rules; by default it is open from now on, for two weeks.

    Raises `ContestError` when there is one already, and `RulesError` when the dates do not fit.
    """
    if (folder / RULES_FILE).exists():
        raise ContestError(f"There is a contest in {folder} already; choose another folder, or edit its {RULES_FILE}.")
    try:
        now = datetime.now(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    except (KeyError, ValueError, OSError) as error:
        raise RulesError(f"There is no time zone '{zone}'; give one like America/Chicago or UTC.") from error
    opens = opens or now
    text = template(name or folder.resolve().name, dataset, zone, opens, closes or opens + timedelta(days=14))
    rules = parse_rules(text)
    write_atomically(folder / ANALYSIS_FILE, _ANALYSIS.encode())
    write_atomically(folder / _PRIVATE_FILE, PRIVATE.encode(), private=True)
    write_atomically(folder / ".gitignore", _GITIGNORE.encode())
    write_atomically(folder / RULES_FILE, text.encode())  # last: with it the folder is a contest
    return rules


def template(name: str, dataset: str, zone: str, opens: datetime, closes: datetime) -> str:
    """The text of a contest.toml with the assignment's rules; the times are local ones of the zone."""
    text = resources.files("flowleague.contest").joinpath("template.toml").read_text(encoding="utf-8")
    words = {"name": quoted(name), "dataset": quoted(dataset), "zone": quoted(zone)}
    words |= {"opens": opens.isoformat(timespec="seconds"), "closes": closes.isoformat(timespec="seconds")}
    return re.sub(r"(?<= = )\{(\w+)\}", lambda place: words[place[1]], text)


def hide_private(folder: Path) -> Path:
    """The folder for what only the organiser may see, which git ignores from now on."""
    write_atomically(folder / PRIVATE_FOLDER / ".gitignore", b"*\n")
    return folder / PRIVATE_FOLDER


def read_marks(folder: Path) -> dict[str, float]:
    """The marks for analysis by `name_key` of the team; raises `RulesError` that names the line."""
    path = folder / ANALYSIS_FILE
    if not path.exists():
        return {}
    text = read_text(path)
    marks = {}
    for team, entry in _tables(text, str(path), "marks").items():
        try:
            marks[name_key(team)] = msgspec.convert(entry, Mark).mark
        except msgspec.ValidationError as error:
            line = line_of(text, ("marks", team))
            raise RulesError(
                f"{path}, line {line}: the mark of {team} needs mark = a number, and reviewer = a name."
            ) from error
    return marks


def read_canvas_ids(folder: Path) -> dict[str, str]:
    """Public team names by Canvas user id, from the private file; raises `RulesError` that names the line."""
    return _read_ids(folder, "canvas")


def read_owners(folder: Path) -> dict[tuple[bool, str], str]:
    """Public team names by Canvas user: (False, user id), or (True, the letters that stand for one)."""
    known, unknown = _read_ids(folder, "canvas"), _read_ids(folder, "anonymous")
    return {(False, user): team for user, team in known.items()} | {(True, user): t for user, t in unknown.items()}


def _read_ids(folder: Path, word: str) -> dict[str, str]:
    path = folder / _PRIVATE_FILE
    if not path.exists():
        return {}
    text = read_text(path)
    owners: dict[str, str] = {}
    for team, entry in _tables(text, str(path), "teams").items():
        ids = entry.get(word, [])
        if not isinstance(ids, list) or not all(isinstance(each, str) and each not in owners for each in ids):
            line = line_of(text, ("teams", team, word))
            raise RulesError(f'{path}, line {line}: {word} must be a list of ids, like ["12345"], each in one team.')
        owners |= dict.fromkeys(ids, team)
    return owners


def add_private(
    folder: Path,
    team: str,
    people: Sequence[str] = (),
    canvas: Sequence[str] = (),
    anonymous: Sequence[str] = (),
) -> None:
    """Note the people of a team, or their Canvas ids, in the private file; what is there stays.

    Raises `ContestError` where the team's table is written so that nothing can be added to it.
    """
    path = folder / _PRIVATE_FILE
    text = read_text(path) if path.exists() else PRIVATE
    tables = _tables(text, str(path), "teams")
    here = next((name for name in tables if name_key(name) == name_key(team)), None)
    added = {"people": people, "canvas": canvas, "anonymous": anonymous}
    if here is None:
        lines = [f"{word} = {_list(values)}" for word, values in added.items() if values]
        new = "\n".join([text.rstrip("\n"), "", f"[teams.{quoted(team)}]", *lines, ""]) if lines else text
    else:
        new = text
        for word in ("canvas", "anonymous"):  # names of people were the organiser's to write
            new = _with_ids(new, path, here, word, added[word])
    if new != text:
        write_atomically(path, new.encode(), private=True)


@contextmanager
def adding_private(folder: Path, team: str, people: Sequence[str]) -> Iterator[None]:
    """Note the people of a team for what is done inside; when that fails, the private file is as it was before."""
    path = folder / _PRIVATE_FILE
    before = path.read_bytes() if path.exists() else None
    add_private(folder, team, people)
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        elif before != path.read_bytes():
            write_atomically(path, before, private=True)
        raise


def _with_ids(text: str, path: Path, team: str, word: str, ids: Sequence[str]) -> str:
    """The text with more ids in a team's table."""
    tree = parse_toml(text, str(path))
    there = tree["teams"][team].get(word, [])
    missing = [each for each in ids if each not in there]
    if not missing:
        return text
    tree["teams"][team][word] = [*there, *missing]
    line = f"{word} = {_list([*there, *missing])}"
    lines = text.split("\n")
    if there:
        at = line_of(text, ("teams", team, word)) - 1
        lines[at] = line
    else:
        lines.insert(line_of(text, ("teams", team)), line)
    new = "\n".join(lines)
    try:
        same = tomllib.loads(new) == tree
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise ContestError(f"{path} must say {line} in the table of the team {team}; write that, and take in again.")
    return new


def read_secret(folder: Path) -> str:
    """The secret of the seeds, 64 hexadecimal digits, from the private file; empty where this user has none.

    Raises `RulesError` for one that is no secret.
    """
    path = folder / _PRIVATE_FILE
    if not os.access(path, os.R_OK):
        return ""
    text = read_text(path)
    secret = parse_toml(text, str(path)).get(_SECRET, "")
    if secret and not (isinstance(secret, str) and re.fullmatch("[0-9a-f]{64}", secret)):
        line = line_of(text, (_SECRET,))
        raise RulesError(f"{path}, line {line}: {_SECRET} must be the 64 hexadecimal digits that `contest new` drew.")
    return secret


def add_secret(folder: Path, secret: str) -> None:
    """Write the secret of the seeds into the private file, before its tables."""
    path = folder / _PRIVATE_FILE
    text = read_text(path) if path.exists() else PRIVATE
    line = f'{_SECRET} = "{secret}"  # of the seeds until the final round; who loses it cannot measure any more'
    write_atomically(path, f"{line}\n\n{text}".encode(), private=True)


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, values))}]"


def _tables(text: str, where: str, word: str) -> dict[str, dict[str, Any]]:
    tree = parse_toml(text, where)
    tables = tree.get(word, {})
    odd = set(tree) - {word} - ({_SECRET} if word == "teams" else set())
    if odd or not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        line = line_of(text, (next(iter(odd), word),))
        raise RulesError(f'{where}, line {line}: write tables like [{word}."Team name"], and no others.')
    return tables
