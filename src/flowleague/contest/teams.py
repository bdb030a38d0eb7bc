"""Teams: names that everyone sees, keys that prove who a team is, and private names that nobody else sees.

A name is claimed with its first entry. Its key is made here, 128 random bits, and shown once; the records keep
only a salted slow hash of it (scrypt). Two names are one when they are the same letters: NFKC, case folded, without
characters that are not seen. A name that only looks like another team's, by Unicode's list of confusables, is refused
when it is claimed, and never made the same: names that were taken in stay as they are.
"""

import functools
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable

from flowleague.errors import JOINERS, FlowLeagueError

_LONGEST = 100
_MOST_MARKS = 4  # on one letter, as Unicode TR 39 has it; more cover what stands above and below
_BLANK, _NO_OBJECT = "\u2800", "\ufffc"  # of Braille, which counts as a symbol; and what stands for no character
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")  # of no script's own
_REFUSED = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
    "Zl",
    "Zp",
}  # controls, bidi and other marks, what nobody has assigned, breaks
# Not seen, and of no use in a name: soft hyphen, spaces of no width, fillers that count as letters or signs
_DROPPED = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u3164\ufeff\uffa0\U00016fe4\U0001d159]")
_UNSEEN = re.compile(
    f"{_DROPPED.pattern}|[\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)  # these select a shape


class TeamError(FlowLeagueError):
    """A name or a key cannot be used."""


def clean_name(name: str) -> str:
    """A team's name in NFC, with single spaces and nothing invisible; raises `TeamError` for what cannot be shown.

    Joiners stay: emoji and Persian are written with them.
    """
    name = unicodedata.normalize("NFC", _DROPPED.sub("", name).replace(_BLANK, " "))
    for character in name:
        if (unicodedata.category(character) in _REFUSED and character not in JOINERS) or character == _NO_OBJECT:
            raise TeamError(
                f"The team name {name!r} holds the character U+{ord(character):04X}, which cannot be shown; "
                "leave it out."
            )
    name = " ".join(name.split())
    if not any(unicodedata.category(character)[0] in "LNPS" for character in name_key(name)):
        raise TeamError("A team needs a name of at least one letter; give one with --team.")
    if len(name) > _LONGEST:
        raise TeamError(f"The team name has {len(name)} characters; {_LONGEST} are allowed.")
    marks = "".join("^" if unicodedata.category(c) in ("Mn", "Me") else " " for c in name if c not in JOINERS)
    if "^" * (_MOST_MARKS + 1) in marks:
        raise TeamError(f"The team name has a letter with more than {_MOST_MARKS} accents; leave some out.")
    return name


@functools.lru_cache(2**16)
def name_key(name: str) -> str:
    """What two names have in common when they are the same team's."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _seen(name)).casefold())
    return " ".join(_seen(folded).split())


def _seen(name: str) -> str:
    return "".join(c for c in _UNSEEN.sub("", name) if unicodedata.category(c) != "Cf")


def check_look(name: str, others: Iterable[str]) -> None:
    """Raise `TeamError` when a new name looks like another team's.

    >>> check_look("Тhe Lаtents", ["The Latents"])  # with Cyrillic letters
    Traceback (most recent call last):
    flowleague.contest.teams.TeamError: The name Тhe Lаtents looks like that of the team The Latents; choose another.
    """
    mine = looks(name)
    for other in others:
        if mine & looks(other):
            raise TeamError(f"The name {name} looks like that of the team {other}; choose another.")


@functools.lru_cache(2**14)
def looks(name: str) -> frozenset[str]:
    """What a name looks like, as it is written and in small letters; alike where one is the same."""
    plain = unicodedata.normalize("NFKC", _seen(name))
    return frozenset(name_key(_skeleton(text)) for text in (plain, plain.casefold()))


def _skeleton(text: str) -> str:
    """The text with one letter for all that look like it; an accent is no letter of its own.

    What no letter of Unicode has as its accent, such as a line below, is left out.
    """
    letters, text = _prototypes(), _ACCENTS.sub("", unicodedata.normalize("NFC", text))
    return "".join(letters.get(c, c) for c in unicodedata.normalize("NFD", text))


@functools.cache
def _prototypes() -> dict[str, str]:
    """By character what it looks like (Unicode TR 39). The package has the pairs in both directions."""
    from confusable_homoglyphs.confusables import confusables_data  # a megabyte, which only new names need

    prototypes: dict[str, str] = {}
    for character in sorted(confusables_data):
        if len(character) > 1 or character in prototypes:
            continue
        alike, left = {character}, [character]
        while left:
            near = {each["c"] for each in confusables_data.get(left.pop(), ())} - alike
            alike |= near
            left += near
        first = min(alike, key=lambda text: (-len(text), text))  # "rn" for m: letters stand for one, never one for both
        prototypes |= {each: first for each in alike if len(each) == 1}
    return prototypes


def folder_name(name: str) -> str:
    """A folder name for a team that is safe everywhere: what is readable of the name, and a hash that is unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].rstrip("-")
    return f"{slug or 'team'}-{hashlib.sha256(name_key(name).encode()).hexdigest()[:8]}"


def new_key() -> str:
    """A key of 128 random bits, in groups that can be read aloud."""
    return "-".join(re.findall("....", secrets.token_hex(16)))


def _key_hash(key: str, salt: str) -> str:
    """The slow hash of a key: scrypt with 16 MiB of memory."""
    plain = re.sub(r"[\s-]", "", key).lower().encode()
    return hashlib.scrypt(plain, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()


def claim(key: str) -> dict[str, str]:
    """What the records keep of a key."""
    salt = secrets.token_hex(16)
    return {"salt": salt, "key": _key_hash(key, salt)}


def check_key(team: str, key: str | None, salt: str, expected: str) -> None:
    """Raises `TeamError` unless the key is the team's."""
    if key is None:
        raise TeamError(f"The name {team} is taken; its team proves itself with --key, others choose another name.")
    if not hmac.compare_digest(_key_hash(key, salt), expected):
        raise TeamError(f"This is not the key of the team {team}; the key was shown when the name was first used.")
