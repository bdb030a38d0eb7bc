"""The public name of each lot's team: given by the organiser, or by the files, or made up; never a person's.

Two that want one name, or one that another team has, are a question: nobody gets into a team by writing its name.
"""

import ast
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowleague.archive import MIB
from flowleague.contest.answers import Question
from flowleague.contest.inventory import Lot
from flowleague.contest.state import State
from flowleague.contest.teams import TeamError, clean_name, looks, name_key
from flowleague.files import read_regular
from flowleague.text import listed

TEAM = re.compile(r"""['"]team['"]\s*:\s*(?P<name>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_TELLING = 4  # characters of a name, or digits of an id, from which on a team's name that holds them tells a person


@dataclass(frozen=True)
class Named:
    """The team of a lot: its name (empty: to be made up), or why there is none yet; and what is to be known."""

    team: str = ""
    problem: str = ""
    note: str = ""
    wish: bool = False  # the name is the files' own, and nobody else's word


def name_teams(lots: Sequence[Lot], owners: Mapping[tuple[bool, str], str], state: State) -> list[Named]:
    """The team of each lot; questions are added to the lots.

    `owners` are teams by whether grading is anonymous, and user.
    """
    named = [_named(lot, owners, state) for lot in lots]
    taking = [(lot, each) for lot, each in zip(lots, named, strict=True) if not lot.answer.leave and lot.sorted.entry]
    return [
        _told_apart(lot, each, taking) if each.team and not lot.answer.leave else each
        for lot, each in zip(lots, named, strict=True)
    ]


def _named(lot: Lot, owners: Mapping[tuple[bool, str], str], state: State) -> Named:
    """The team of one lot, whatever the others are called."""
    if lot.answer.leave and not lot.answer.team:
        return Named()
    if lot.answer.team:
        return _given(lot, lot.answer.team)
    if lot.reading is None:
        return _given(lot, lot.sorted.statement.team or lot.key)
    if owner := owners.get((lot.reading.anonymous, lot.reading.user)):
        return Named(state.now_called(owner))
    wish = lot.sorted.statement.team or _written(lot)
    try:
        team = clean_name(wish) if wish else ""
    except TeamError as error:
        return Named(note=f"Its name is made up. {error}")
    if team and _tells_person(team, lot):
        return Named(note="It calls itself by what Canvas calls the person; a name is made up instead.")
    if team and (other := state.team(team)):
        return _ask(lot, other.name, f"It calls itself {other.name}, which is another team's name")
    try:
        state.check_look(team)
    except TeamError as error:
        lot.sorted.questions.append(Question("parcels", lot.key, f"{error} Or that team, if they are one.", "team"))
        return Named(problem=str(error))
    return Named(team, wish=bool(team))


def _given(lot: Lot, team: str) -> Named:
    try:
        return Named(clean_name(team))
    except TeamError as error:
        lot.sorted.questions.append(Question("parcels", lot.key, "What is the team called in public?", "team"))
        return Named(problem=str(error))


def _ask(lot: Lot, team: str, what: str) -> Named:
    words = f'{what}. If they are one team, write "{team}"; else another name.'
    lot.sorted.questions.append(Question("parcels", lot.key, words, "team"))
    return Named(problem=f"{what}; are they one team?")


def _told_apart(lot: Lot, mine: Named, taking: Sequence[tuple[Lot, Named]]) -> Named:
    """The team of a lot, unless its name is another's wish too, or several lots of one team are not the same entry."""
    others = [(other, named) for other, named in taking if other is not lot and named.team]
    if mine.wish:
        alike = [other.key for other, named in others if looks(named.team) & looks(mine.team)]
        return _ask(lot, mine.team, f"It has the same team name as {listed(alike)}") if alike else mine
    team = [other for other, named in others if not named.wish and name_key(named.team) == name_key(mine.team)]
    if all(_digest(other) == _digest(lot) for other in team):
        return mine
    problem = f"{listed(sorted([lot.key, *(other.key for other in team)]))} hand in different entries for {mine.team}"
    words = f"{problem}, and one counts. Write true under what is not to count."
    lot.sorted.questions.append(Question("parcels", lot.key, words, "leave", "true"))
    return Named(mine.team, problem=f"{problem}: which one counts?")


def _digest(lot: Lot) -> str:
    """A hash of an entry and its weights."""
    parts = [*sorted(lot.sorted.weights.items()), *([("", lot.sorted.entry.file)] if lot.sorted.entry else [])]
    whole = hashlib.sha256()
    for name, path in parts:
        with path.open("rb") as file:
            whole.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _tells_person(team: str, lot: Lot) -> bool:
    """Whether a name holds the Canvas name of the person, also with the parts in another order, or the user id."""
    assert lot.reading is not None
    words, name = _bare(team), _bare(lot.reading.name)
    turned = len(words) == len(name) and words in name + name
    same = len(name) >= _TELLING and (name in words or turned)
    user = lot.reading.user
    return same or (len(user) >= _TELLING and re.search(rf"(?<!\d){re.escape(user)}(?!\d)", team) is not None)


def _bare(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalnum())


def _written(lot: Lot) -> str:
    """The team's name in the code of the entry."""
    return named_team(lot.sorted.entry.file, lot.sorted.entry.name) if lot.sorted.entry else ""


def named_team(path: Path, name: str = "") -> str:
    """The team that a .py or .ipynb gives in its ``info``, read without running it; empty when there is none."""
    ending = Path(name or path.name).suffix.lower()
    if ending not in (".py", ".ipynb"):
        return ""
    try:
        source = read_regular(path, 4 * MIB)[: 4 * MIB].decode()
        if ending == ".ipynb":
            cells = json.loads(source)["cells"]
            source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        match = TEAM.search(source)
        return ast.literal_eval(match["name"]) if match else ""
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, RecursionError):
        return ""
