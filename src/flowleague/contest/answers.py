"""What only a person knows about files that came: asked in a file, answered there, and read at the next taking in.

roster = ["11", "12"]           all Canvas user ids of the class: then no other number is one
[files."name in the download"]  student = the user whose it is; or leave = true
[parcels."user id, or folder"]  entry = the file that is the entry; team = the public name; late = true or false;
                                apart: whether each file in the folder is a team's own; leave = true

Questions are added at the end. Answers and remarks of the person stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from flowleague.contest.toml import RulesError, parse_toml, quoted, read_text
from flowleague.errors import legible
from flowleague.files import write_atomically

_HEAD = """# What `flowleague contest take-in` has to know about {source}. Write the answers behind the equals signs and
# give the same command again. This file can hold names of people: keep it to yourself.
#
# roster = ["11", "12"]  # the Canvas user ids of the whole class settle most questions about whose a file is
"""


class FileAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a file is, or that it is nobody's."""

    student: str = ""
    leave: bool = False


class ParcelAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """What a student's or a folder's files are."""

    entry: str = ""
    team: str = ""
    late: bool | None = None
    apart: bool | None = None
    leave: bool = False


class Answers(Struct, frozen=True, forbid_unknown_fields=True):
    """All answers: by the name of a file, and by the user id or folder of a parcel."""

    roster: tuple[str, ...] = ()
    files: dict[str, FileAnswer] = {}
    parcels: dict[str, ParcelAnswer] = {}

    def file(self, name: str) -> FileAnswer:
        """The answer about a file; an empty one where there is none."""
        return self.files.get(name, FileAnswer())

    def parcel(self, key: str) -> ParcelAnswer:
        """The answer about a parcel; an empty one where there is none."""
        return self.parcels.get(key, ParcelAnswer())


@dataclass(frozen=True)
class Question:
    """What to ask about a file or a parcel: the table and its key, the words, and what to complete.

    `choice` is what may be written where no value is the right one to begin with.
    """

    table: str
    key: str
    words: str
    name: str
    choice: str = ""


def read_answers(path: Path) -> Answers:
    """The answers in a file, none where there is no file; raises `RulesError`."""
    if not path.exists():
        return Answers()
    tree = parse_toml(read_text(path), str(path))
    try:
        return msgspec.convert(tree, Answers)
    except msgspec.ValidationError as error:
        raise RulesError(f"{path}: {error}; its own head and questions show what can be written.") from error


def ask(path: Path, source: str, questions: Iterable[Question]) -> None:
    """Add the questions that a file of answers does not hold yet."""
    text = read_text(path) if path.exists() else _HEAD.format(source=quoted(source))
    old, held = text, parse_toml(text, str(path))
    for question in questions:
        tables = held.setdefault(question.table, {})
        header = f"[{question.table}.{quoted(question.key)}]\n"
        line = f"# {question.name} = {question.choice}" if question.choice else f'{question.name} = ""'
        lines = f"# {legible(question.words)}\n{line}\n"
        if question.key not in tables:
            text = f"{text.rstrip()}\n\n{header}{lines}"
        elif question.name not in tables[question.key] and line not in text.partition(header)[2].partition("\n[")[0]:
            text = text.replace(header, f"{header}{lines}", 1)
        asked = tables.setdefault(question.key, {})
        if not question.choice:
            asked.setdefault(question.name, "")
    if text != old:
        write_atomically(path, text.encode(), private=True)
