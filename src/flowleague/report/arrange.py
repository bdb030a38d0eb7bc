"""A report's content as a page, as Markdown and as a notebook. All text is escaped for the place where it goes."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from flowleague.pages import packaged, templates
from flowleague.report.content import FORMAT, Content, Picture, Section, Table
from flowleague.report.words import FILE, others

CODE = re.compile(r"`([^`]+)`")
MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~$>-])")
WORDS = MarkdownIt("js-default")  # no HTML, no links that run scripts


def page(content: Content, words: Mapping[str, str]) -> str:
    """The page."""
    return _templates().get_template("report.html").render(parts(content, words))


def markdown(content: Content, words: Mapping[str, str]) -> str:
    """The same as Markdown, for a README."""
    return _templates().get_template("report.md").render(parts(content, words))


def style() -> str:
    """The page's style."""
    return packaged("flowleague.report", "site/report.css")


def _templates() -> Environment:
    """Templates: those of pages escape everything, those of Markdown do it with the filter `md`."""
    return templates("flowleague.report", "site", {"code": html_code, "md": md, "words": author_html})


def parts(content: Content, words: Mapping[str, str]) -> dict[str, Any]:
    """What the templates use: content, and the author's words by section title and beside."""
    titles = [section.title for section in content.sections]
    return {
        "content": content,
        "words": words,
        "others": others(words, titles),
        "file": FILE,
        "mark": FORMAT,
    }


def html_code(text: str) -> Markup:
    """Text for a page, `in backquotes` as code."""
    return Markup("".join(f"<code>{escape(t)}</code>" if code else str(escape(t)) for code, t in pieces(text)))


def author_html(text: str) -> Markup:
    """The author's Markdown as HTML that can do nothing."""
    return Markup(WORDS.render(text))


def md(text: str) -> str:
    """Text for Markdown, so that nothing of it is markup but `in backquotes`; line ends become spaces."""
    return "".join(f"`{t.replace('|', '¦')}`" if code else _md_plain(t) for code, t in pieces(" ".join(text.split())))


def _md_plain(text: str) -> str:
    """Text without any markup."""
    text = MARKS.sub(r"\\\1", text.replace("&", "&amp;")).replace("<", "&lt;")
    # not linked either: GitHub makes links of bare addresses and names
    return text.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def pieces(text: str) -> list[tuple[bool, str]]:
    """Text cut at its backquotes: whether each piece is code, and the piece."""
    return [(bool(i % 2), piece) for i, piece in enumerate(CODE.split(text)) if piece]


def notebook(content: Content, words: Mapping[str, str], folder: Path) -> str:
    """The report as a notebook: text in Markdown cells, each picture shown by a cell that can be pasted elsewhere.

    Pictures are kept as outputs, so the notebook shows them without being run.
    """
    cells = [_text_cell(f"# {md(content.name)}\n\n{md(content.about)}")]
    cells.append(_code_cell("from IPython.display import Image"))
    for section in content.sections:
        cells.append(_text_cell("\n\n".join([f"## {md(section.title)}", *said(section)])))
        for picture in section.pictures:
            raw = (folder / picture.light).read_bytes()
            cells += [_text_cell(f"**{md(picture.caption)}**" if picture.caption else ""), _picture_cell(picture, raw)]
        cells += [_text_cell(table(t)) for t in section.tables]
        cells.append(_text_cell(words.get(section.title, "")))
    cells += [_text_cell(f"## {md(title)}\n\n{body}") for title, body in parts(content, words)["others"].items()]
    cells = [{"id": f"report-{i}", **cell} for i, cell in enumerate(cell for cell in cells if cell["source"])]
    metadata = {"flowleague": FORMAT, "language_info": {"name": "python"}}
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def said(section: Section) -> list[str]:
    """Paragraphs, links and notes of a section as Markdown."""
    links = [f"[{md(link.text)}]({link.file}): {md(link.said)}" for link in section.links]
    return [md(p) for p in section.paragraphs] + links + [f"> {md(note)}" for note in section.notes]


def table(data: Table) -> str:
    """A table as Markdown."""
    lines = [data.head, ["---"] * len(data.head)]
    rows = ["| " + " | ".join(line) + " |" for line in [*lines, *([md(cell) for cell in row] for row in data.rows)]]
    return f"**{md(data.title)}**\n\n" + "\n".join(rows)


def _text_cell(text: str) -> dict[str, Any]:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code_cell(text: str, outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A cell of code that was not run, with what it shows."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": outputs or [], "source": text}


def _picture_cell(picture: Picture, raw: bytes) -> dict[str, Any]:
    """A cell that shows a picture, with the picture."""
    kind = "image/gif" if picture.light.endswith(".gif") else "image/png"
    width = min(picture.width, 900)
    shown = {
        "output_type": "display_data",
        "data": {kind: base64.b64encode(raw).decode(), "text/plain": picture.alt},
        "metadata": {kind: {"width": width}},
    }
    return _code_cell(f'Image("{picture.light}", width={width})', [shown])
