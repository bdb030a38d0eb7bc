"""Which build of FlowLeague this is: its version, and a hash of all sources that decide what a scorecard says.

Two checkouts of one version need not measure alike. Documentation, pages and the command line are not hashed: what they
change changes no figure. Judges and digits have hashes of their own on a card.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

# Whatever is between an entry's files and its figures
_MEASURING = ("bundle", "data", "entrant", "judge", "model", "program", "scorecard")


@cache
def evaluator() -> str:
    """The evaluator that is installed here, as cards and records name it.

    >>> evaluator().startswith(f"flowleague-{version('flowleague')}+")
    True
    """
    return f"flowleague-{version('flowleague')}+{fingerprint(Path(__file__).parent)}"


def fingerprint(package: Path) -> str:
    """Eight hexadecimal digits of the sources that measure, under the package's folder; line ends do not count."""
    digest = hashlib.sha256()
    for path in sorted(path for room in _MEASURING for path in (package / room).rglob("*.py")):
        source = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(package).as_posix()} {len(source)}\n".encode() + source)
    return digest.hexdigest()[:8]
