"""What a report says, as plain data: sections of paragraphs, pictures, tables, links and notes.

The page, the Markdown and the notebook are three arrangements of it. All text is text: none of it is markup, except
that `words in backquotes` are shown as code.
"""

import hashlib
import io

import msgspec
from msgspec import Struct
from PIL import Image

from flowleague.report import themes

FORMAT = "flowleague-report/4"  # raise it when content changes its meaning
FOLDER = "pictures"


class Picture(Struct, frozen=True, kw_only=True):
    """A picture by its name, with its size in pixels on the page.

    kind  "chart": name-light.png and name-dark.png; "digits": name.png; "moving": name.gif and name-still.png
    """

    name: str
    kind: str
    alt: str
    caption: str
    width: int
    height: int

    @property
    def light(self) -> str:
        """The file that is shown where only one can be, relative to the report."""
        return f"{FOLDER}/{self.name}{ {'chart': '-light.png', 'digits': '.png', 'moving': '.gif'}[self.kind] }"

    @property
    def other(self) -> str:
        """The file for a dark page, or for a reader who wants no motion; empty when there is none."""
        return {"chart": f"{FOLDER}/{self.name}-dark.png", "moving": f"{FOLDER}/{self.name}-still.png"}.get(
            self.kind, ""
        )


class Table(Struct, frozen=True, kw_only=True):
    """A table; `folded` ones are opened by the reader."""

    title: str
    head: list[str]
    rows: list[list[str]]
    folded: bool = False


class Link(Struct, frozen=True, kw_only=True):
    """A page beside the report: its file, the text that leads there, and what one can do there."""

    file: str
    text: str
    said: str


class Section(Struct, frozen=True, kw_only=True):
    """One section of the report, in the order in which its parts are shown."""

    id: str
    title: str
    paragraphs: list[str] = []
    notes: list[str] = []
    pictures: list[Picture] = []
    tables: list[Table] = []
    links: list[Link] = []


class Content(Struct, frozen=True, kw_only=True):
    """All of a report but the author's words; `key` says what it was made from, `files` the SHA-256 of all else.

    All else: the pictures, and the page in which the model runs.
    """

    format: str
    key: str
    name: str
    about: str
    sections: list[Section]
    files: dict[str, str]


class Gallery:
    """Pictures as they are drawn, and pages beside the report, by their paths in its folder."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def chart(
        self, name: str, draw: themes.Draw, alt: str, caption: str = "", size: tuple[float, float] = themes.SIZE
    ) -> Picture:
        """A chart in both themes."""
        for theme in themes.THEMES:
            self.files[f"{FOLDER}/{name}-{theme.name}.png"] = themes.chart(draw, theme, size)
        width, height = (round(100 * inches) for inches in size)
        return Picture(name=name, kind="chart", alt=alt, caption=caption, width=width, height=height)

    def digits(self, name: str, png: bytes, alt: str, caption: str = "") -> Picture:
        """Digits on a dark ground."""
        return self._add(name, "digits", {".png": png}, alt, caption)

    def moving(self, name: str, gif: bytes, still: bytes, alt: str, caption: str = "") -> Picture:
        """An animation and its still."""
        return self._add(name, "moving", {".gif": gif, "-still.png": still}, alt, caption)

    def _add(self, name: str, kind: str, files: dict[str, bytes], alt: str, caption: str) -> Picture:
        self.files |= {f"{FOLDER}/{name}{ending}": raw for ending, raw in files.items()}
        with Image.open(io.BytesIO(next(iter(files.values())))) as picture:
            return Picture(name=name, kind=kind, alt=alt, caption=caption, width=picture.width, height=picture.height)

    def page(self, name: str, raw: bytes, text: str, said: str) -> Link:
        """A page beside the report."""
        self.files[name] = raw
        return Link(file=name, text=text, said=said)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file."""
        return {name: hashlib.sha256(raw).hexdigest() for name, raw in self.files.items()}


def to_json(content: Content) -> bytes:
    """The bytes of report.json."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def from_json(raw: bytes) -> Content | None:
    """The content in the bytes of a report.json; None when it is none of this version."""
    try:
        content = msgspec.json.decode(raw, type=Content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return content if content.format == FORMAT else None
