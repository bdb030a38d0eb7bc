"""How Canvas names the files of a download, and whose each file is.

Canvas (lib/content_zipper.rb of canvas-lms) writes <name>[_LATE]_<user id>_<file id>_<file>; for anonymous grading
[LATE_]anon_<letters>_<file id>_<file>; for what was typed in, or a link, _text.html or _link.html after the user. The
name is a person's or a group's, in lower case, and may hold underscores and digits; so may the file. So one name often
has several readings. What holds over a whole download excludes most: a user has one name and is late or not, no two
files have one id, no id begins with 0, and all names are anonymous or none. Ids do not ascend. A name that still has
several readings is a question, never a guess.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

_TYPED = ("text.html", "link.html")
_USER = re.compile(r"_([1-9][0-9]*)_(?=[1-9][0-9]*_.|(?:text|link)\.html\Z)", re.DOTALL)
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<user>[A-Za-z0-9]+)_(?:(?P<id>[1-9][0-9]*)_(?P<file>.+)|(?P<typed>text\.html|link\.html))",
    re.DOTALL,
)
_WORD = ("L", "M", "Nd", "Pc")  # what Canvas leaves of a name: Ruby's [[:word:]]


@dataclass(frozen=True)
class Reading:
    """One way to read a name: the user, the user's name (private; empty if anonymous), and the file as handed in.

    `file_id` is empty for what was typed in and for links.
    """

    user: str
    name: str
    late: bool
    file_id: str
    file: str
    anonymous: bool = False

    def excludes(self, other: "Reading") -> bool:
        """Whether two files of one download cannot be read in these ways."""
        if self.anonymous != other.anonymous or (self.file_id and self.file_id == other.file_id):
            return True
        return self.user == other.user and (self.name, self.late) != (other.name, other.late)


def readings(name: str) -> list[Reading]:
    """All ways to read a file's name, none if Canvas cannot have made it.

    >>> [(r.user, r.name, r.file) for r in readings("van_dam_LATE_11_901_m.py")]
    [('11', 'van_dam', 'm.py')]
    >>> [(r.user, r.name, r.file) for r in readings("ada_11_901_2_m.py")]
    [('11', 'ada', '2_m.py'), ('901', 'ada_11', 'm.py')]
    """
    name = unicodedata.normalize("NFC", name)  # a Mac takes letters and accents apart
    return [*_with_user(name), *_anonymous(name)]


def _with_user(name: str) -> Iterator[Reading]:
    at = 0
    while match := _USER.search(name, at):
        at = match.end() - 1  # the underscore behind a number may stand before the next one
        before, rest = name[: match.start()], name[match.end() :]
        person = before.removesuffix("_LATE")
        if person != person.lower() or not all(unicodedata.category(c).startswith(_WORD) for c in person):
            continue
        file_id, _, file = ("", "", rest) if rest in _TYPED else rest.partition("_")
        yield Reading(match[1], person, person != before, file_id, file)


def _anonymous(name: str) -> Iterator[Reading]:
    if match := _ANONYMOUS.fullmatch(name):
        file = match["file"] or match["typed"]
        yield Reading(match["user"], "", bool(match["late"]), match["id"] or "", file, anonymous=True)


def settle(names: Iterable[str], known: Mapping[str, Collection[str]] | None = None) -> dict[str, list[Reading]]:
    """The readings of every name of Canvas's that the other names leave.

    `known` are the users of whom a name may be, where a person said so. A name that the others contradict keeps all of
    its readings.

    >>> {name: [r.user for r in left] for name, left in settle(["ada_11_901_2_m.py", "bob_12_2_m.py"]).items()}
    {'ada_11_901_2_m.py': ['11'], 'bob_12_2_m.py': ['12']}
    """
    known = known or {}
    every = {name: [r for r in readings(name) if name not in known or r.user in known[name]] for name in names}
    left = {name: list(ways) for name, ways in every.items() if ways}
    kinds = {ways[0].anonymous for ways in left.values() if len({r.anonymous for r in ways}) == 1}
    if len(kinds) == 1:  # one kind for the whole download
        left = {name: [r for r in ways if r.anonymous in kinds] for name, ways in left.items()}
    while excluded := _excluded(left):
        left = {name: [r for r in ways if (name, r) not in excluded] for name, ways in left.items()}
    return {name: ways or every[name] for name, ways in left.items()}


def _excluded(left: Mapping[str, list[Reading]]) -> set[tuple[str, Reading]]:
    """The readings of names with several that some other name excludes, whichever way that one is read."""
    near = defaultdict[tuple[str, str], Counter[str]](Counter)  # by user or file, how many readings a name has of it
    for name, ways in left.items():
        for way in ways:
            near["user", way.user][name] += 1
            if way.file_id:
                near["file", way.file_id][name] += 1
    return {
        (name, way)
        for name, ways in left.items()
        if len(ways) > 1
        for way in ways
        for other, count in (near["user", way.user] + near["file", way.file_id]).items()
        if other != name and count >= len(left[other]) and all(way.excludes(each) for each in left[other])
    }
