"""How the program meets a terminal that cannot show every character, a reader that leaves, and too little memory."""

import codecs
import errno
import io
import os
import re
import sys
import unicodedata
from importlib.metadata import requires

from flowleague.cli.layout import wrapped
from flowleague.errors import FlowLeagueError

_PLAIN = {"±": "+-", "×": "x", "·": ".", "–": "-", "—": "-", "−": "-", "…": "...", "≈": "~", "≤": "<=", "≥": ">="}
_PLAIN |= {"→": ">", "←": "<", "↑": "^", "↓": "v", "“": '"', "”": '"', "‘": "'", "’": "'", "•": "*", "█": "#"}
_EXTRAS = ("train", "report", "share", "sweep", "notebook")  # of users, that for most of them first
_PACKAGES = {"sklearn": "scikit-learn", "markdown_it": "markdown-it-py", "google": "google-auth"}  # called otherwise
_MEMORY = ("allocate memory", "out of memory", "not enough memory", "bad_alloc", "can't start new thread")


def plain_streams() -> None:
    """Let output go on where the console knows few characters (cp1252, ASCII): similar ones are written for others."""
    codecs.register_error("flowleague.plain", _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not what a notebook or a test puts there
            stream.reconfigure(errors="flowleague.plain")


def _similar(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    """Printable ASCII for a character.

    >>> [_plain(c) for c in "±é中"]
    ['+-', 'e', '?']
    """
    without_accents = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _PLAIN.get(character) or without_accents or "?"


def flush() -> None:
    """Write out what was printed; a reader that has left, as of `| head`, has what it wanted."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        if error.errno == errno.EPIPE:
            sys.exit(1)
        raise


def end(error: BaseException) -> int:
    """Say in one sentence what ended a command, where a person can mend it; returns the exit status.

    Raises the error itself where it is a fault of the program.
    """
    if isinstance(error, FlowLeagueError):
        _say(str(error))
    elif lacks_memory(error):
        _say(
            "There is too little memory for this; close other programs, use a machine or container with more, or lower "
            "what is asked for (of a training the batch: --set vae.batch=64 --set flow.batch=256)."
        )
    elif isinstance(error, ModuleNotFoundError) and (sentence := lacks_extra(error)):
        _say(sentence)
    elif isinstance(error, OSError):  # a file that vanished, a folder without permission
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}; fix this and run the same command again.")
    else:
        raise error
    return 2


def lacks_extra(error: ModuleNotFoundError) -> str:
    """The sentence for a library of an extra that is not installed; empty for what is no part of an extra."""
    extra = _extra_of(error.name or "")
    said = f"This needs {error.name}, which is not installed; get it with: pip install 'flowleague[{extra}]'."
    return said if extra else ""


def _extra_of(module: str) -> str:
    """The extra that installs a module, as the package's metadata has it; empty for what is no part of an extra."""
    name = module.partition(".")[0]
    package = _PACKAGES.get(name, name).replace("_", "-").lower()
    lines = [re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", line) for line in requires("flowleague") or ()]
    held = {(match[1].replace("_", "-").lower(), match[2]) for match in lines if match}
    return next((extra for extra in _EXTRAS if (package, extra) in held), "")


def lacks_memory(error: BaseException) -> bool:
    """Whether an error of Python, torch, CUDA or the system says that there is too little memory."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    kinds = (RuntimeError, ImportError, OSError)  # of libraries that cannot be loaded too
    return isinstance(error, kinds) and any(words in str(error).lower() for words in _MEMORY)


def _say(sentence: str) -> None:
    print(wrapped(f"flowleague: {sentence}"), file=sys.stderr)
