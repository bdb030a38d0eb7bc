"""A section while it is written."""

from collections.abc import Callable

from flowleague.report.content import Gallery, Link, Picture, Section, Table
from flowleague.report.missing import Missing


class Draft:
    """A section while it is written: `part` adds what a function makes, or the note that it could not be made."""

    def __init__(self, gallery: Gallery, id_: str, title: str):
        self.gallery, self.id, self.title = gallery, id_, title
        self.paragraphs: list[str] = []
        self.notes: list[str] = []
        self.pictures: list[Picture] = []
        self.tables: list[Table] = []
        self.links: list[Link] = []

    def part(self, make: Callable[["Draft"], None]) -> "Draft":
        """Add a part; a note stands for what is missing, once."""
        try:
            make(self)
        except Missing as reason:
            if str(reason) not in self.notes:
                self.notes.append(str(reason))
        return self

    def section(self) -> Section:
        """What was written."""
        return Section(
            id=self.id,
            title=self.title,
            paragraphs=self.paragraphs,
            notes=self.notes,
            pictures=self.pictures,
            tables=self.tables,
            links=self.links,
        )
