"""The source of an entry, a `.py` or `.ipynb` that a stranger wrote, as text. Nothing of it runs here.

A notebook becomes the script that the contest's organiser made of it (see `flowleague.entrant.notebook`). Whatever
is wrong with a file is an `EntryError` with one of the names

    bad_name     unknown_kind     unreadable     too_large     not_text     not_a_notebook
"""

import codecs
import io
import re
import tokenize
from pathlib import Path

from flowleague.entrant.notebook import read_cells, to_script
from flowleague.errors import EntryError, printable
from flowleague.files import read_regular

MIB = 2**20
SOURCE_LIMIT = MIB  # of a script; the contest's own have 30 kB
NOTEBOOK_LIMIT = 48 * MIB  # outputs hold pictures
LONGEST_NAME = 200
# Codecs that read bytes one by one or nearly so. Others can cost quadratic time (punycode) or unpack bombs (zlib).
CODECS = re.compile(
    r"utf-8|utf-8-sig|ascii|iso8859-\d+|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc_(jp|kr)|shift_jis"
)


def read_source(path: str | Path) -> str:
    """The Python text of a `.py` or `.ipynb`, lines ended by newlines; raises `EntryError`.

    A coding cookie is obeyed and stays where it was: compile the text as it is, or write it to a file as UTF-8 with a
    byte order mark, never without.
    """
    path = Path(path)
    name = check_name(path.name)
    kind = path.suffix.lower()
    if kind not in (".py", ".ipynb"):
        raise EntryError("unknown_kind", f"{name} is neither a .py nor a .ipynb.", "Send one of the two.")
    limit = SOURCE_LIMIT if kind == ".py" else NOTEBOOK_LIMIT
    try:
        raw = read_regular(path, limit)
    except OSError as error:
        raise EntryError(
            "unreadable", f"{name} cannot be read: {error.strerror}.", "Give a file, no link, folder or pipe."
        ) from error
    if len(raw) > limit:
        raise too_large(name, limit)
    return parse_source(raw, name)


def parse_source(raw: bytes, name: str) -> str:
    """The Python text in the bytes of a file with a checked name; raises `EntryError`."""
    text = _script(raw, name) if name.lower().endswith(".ipynb") else decode(raw, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    position = text.find("\0")
    if position >= 0:
        line = text.count("\n", 0, position) + 1
        raise not_text(name, f"holds a NUL byte in line {line}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise not_text(name, "holds half a character (a lone surrogate)") from error
    return text


def _script(raw: bytes, name: str) -> str:
    cells = read_cells(raw, name)
    if sum(len(cell.text) for cell in cells) > SOURCE_LIMIT:
        raise too_large(name, SOURCE_LIMIT)
    return to_script(cells)


def decode(raw: bytes, name: str) -> str:
    """The text of a script in the encoding that its cookie or byte order mark names, else UTF-8 (PEP 263)."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        if not CODECS.fullmatch(codecs.lookup(encoding).name):
            raise not_text(name, f"asks for the encoding {encoding!r}, which is not read here")
        return raw.decode(encoding)
    except SyntaxError as error:  # of detect_encoding: an unknown cookie, or one that contradicts the mark
        raise not_text(name, f"has no usable encoding ({error.msg})") from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise not_text(name, f"is not {error.encoding} text: line {line} holds other bytes") from error


def check_name(name: str) -> str:
    """The name of a stranger's file, which is shown to people; raises `EntryError` when that is not safe."""
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise EntryError(
            "bad_name",
            f"The file name '{printable(name)}' is too long or holds characters that cannot be printed.",
            f"Rename it: at most {LONGEST_NAME} letters, digits and signs.",
        )
    return name


def too_large(name: str, limit: int) -> EntryError:
    """The refusal of a file that is larger than any honest one."""
    return EntryError(
        "too_large",
        f"{name} is larger than {limit // MIB} MiB.",
        "Put weights into safetensors files, and clear the outputs of a notebook.",
    )


def not_text(name: str, what: str) -> EntryError:
    """The refusal of bytes that are no Python text."""
    return EntryError("not_text", f"{name} {what}.", "Save it as UTF-8 text.")
