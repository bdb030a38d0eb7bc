"""Teams: names that everyone sees, keys that prove who a team is, and private names that nobody else sees.

A name is claimed with its first entry. Its key is made here, 128 random bits, and shown once; the records keep
only a salted slow hash of it (scrypt). Two names are one when they look alike: NFKC, case folded, without
characters that are not seen.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata

from flowleague.errors import FlowLeagueError

_LONGEST = 100
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they would turn the text around the name
_REFUSED = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, surrogate, private, unassigned, line and paragraph breaks


class TeamError(FlowLeagueError):
    """A name or a key cannot be used."""


def clean_name(name: str) -> str:
    """A team's name in NFC, with single spaces; raises `TeamError` for what cannot be shown."""
    name = unicodedata.normalize("NFC", name)
    for character in name:
        if unicodedata.category(character) in _REFUSED or character in _BIDI:
            raise TeamError(
                f"The team name {name!r} holds the character U+{ord(character):04X}, which cannot be shown; "
                "leave it out."
            )
    name = " ".join(name.split())
    if not name_key(name):
        raise TeamError("A team needs a name of at least one letter; give one with --team.")
    if len(name) > _LONGEST:
        raise TeamError(f"The team name has {len(name)} characters; {_LONGEST} are allowed.")
    return name


def name_key(name: str) -> str:
    """What two names have in common when they are the same team's."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(c for c in folded if unicodedata.category(c) != "Cf").split())


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
