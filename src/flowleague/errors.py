"""Errors that a person can mend.

Every message is one sentence that says what was wrong and what to do; the command line prints it without a
traceback and exits with status 2.
"""

import re

# Text without control characters, line ends, and marks that turn the direction of writing (as a JSON Schema reads it)
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]*(?![\s\S])"

_ILLEGIBLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]")
JOINERS = "\u200c\u200d"  # not seen, and needed to write Persian and to compose emoji
_DOCS = "https://github.com/flowleague/flowleague/blob/main/docs"  # as [project.urls] in pyproject.toml says


def docs_link(page: str) -> str:
    """The address of a page of the documentation, which an installed package does not hold.

    >>> docs_link("capture")
    'https://github.com/flowleague/flowleague/blob/main/docs/capture.md'
    """
    return f"{_DOCS}/{page}.md"


def legible(text: str) -> str:
    """A text without line ends, control characters and direction marks, each of which becomes a question mark.

    >>> legible("a\\x1b[2Jb\\u202ec")
    'a?[2Jb?c'
    """
    return _ILLEGIBLE.sub("?", text)


def printable(text: object, most: int = 200) -> str:
    """What a stranger wrote, safe and short enough for a sentence: what cannot be printed becomes a question mark."""
    words = " ".join(str(text).split())
    return "".join(c if c.isprintable() or c in JOINERS else "?" for c in words[:most]) + (
        "…" if len(words) > most else ""
    )


class FlowLeagueError(Exception):
    """Base of all errors that are the input's fault, not the program's."""


class DataError(FlowLeagueError):
    """The digits are missing, damaged, or not what they claim to be."""


class HeldOutError(FlowLeagueError):
    """Training or selection code asked for the test images."""


class RecipeError(FlowLeagueError):
    """A recipe or one of its values does not exist or is out of range."""


class BundleError(FlowLeagueError):
    """A bundle is missing a file, is damaged, or holds something foreign."""


class PackError(FlowLeagueError):
    """A submission cannot be made of a bundle: a team without a name, or a link that leads elsewhere."""


class LiveError(FlowLeagueError):
    """A model cannot run in a page: it is too large, or its weights do not fit its recipe."""


class ShareError(FlowLeagueError):
    """A file cannot be uploaded or shared: no sign-in, no room, no network, or a service that refuses."""


class TrainingError(FlowLeagueError):
    """Training cannot start or cannot go on."""


class OutputError(FlowLeagueError):
    """A result cannot be written where the user wants it."""


class JudgeError(FlowLeagueError):
    """A judge is missing, damaged or unproven, or was shown something that is not a batch of images."""


class EntryError(FlowLeagueError):
    """A file that an entrant sent cannot be used: a stable name, what is wrong with it, and what to do."""

    def __init__(self, name: str, sentence: str, hint: str):
        super().__init__(f"{sentence} {hint}")
        self.name, self.sentence, self.hint = name, sentence, hint


class NetworkError(FlowLeagueError):
    """The network failed, which is no entrant's fault."""


class LimitsError(FlowLeagueError):
    """The limits for entries are not what they should be."""


class EngineError(FlowLeagueError):
    """Jobs cannot run where they should: no such cluster, or one that does not answer or refuses."""


class SweepError(FlowLeagueError):
    """A sweep cannot begin or go on as it was asked to."""


class WallError(FlowLeagueError):
    """This system cannot put a stranger's code behind a wall."""
