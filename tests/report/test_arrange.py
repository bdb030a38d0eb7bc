import json
import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flowleague.report.arrange import author_html, html_code, md, notebook
from flowleague.report.content import FORMAT, Content, Section, Table

PLAIN = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" <>&|*_[]()!#~$:/@\\"), min_size=1)


def spoken(html):
    """The text of some HTML, without its tags."""
    import html as library

    return library.unescape(re.sub(r"<[^>]*>", "", html))


@given(PLAIN)
def test_markdown_shows_text_as_text(text):
    text = " ".join(text.replace("`", "").split())
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(f"x {md(text)}")
    assert spoken(html).strip() == f"x {text}".strip()
    assert set(re.findall(r"<(\w+)", html)) <= {"p"}


def test_backquotes_are_code_and_nothing_in_them_is_markup():
    assert html_code("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert md("set `flow.steps=2`, not *3*") == "set `flow.steps=2`, not \\*3\\*"
    assert "<" not in html_code("one ` alone <b>").replace("&lt;", "")


def test_the_authors_markdown_cannot_bring_html_or_scripts():
    html = author_html("**bold** <script>x</script> [a](javascript:alert(1)) <img src=x onerror=y>")
    assert "<strong>bold</strong>" in html
    assert set(re.findall(r"<(\w+)", html)) == {"p", "strong"}


def test_a_notebook_is_one_by_the_published_format(tmp_path):
    section = Section(id="a", title="In short", paragraphs=["x"], tables=[Table(title="t", head=["h"], rows=[["1|2"]])])
    content = Content(format=FORMAT, key="", name="n", about="", sections=[section], files={})
    book = json.loads(notebook(content, {"In short": "Mine."}, tmp_path))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in ids)
    for cell in book["cells"]:
        extra = {"outputs", "execution_count"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"id", "cell_type", "metadata", "source"} | extra
    assert [cell["source"] for cell in book["cells"]][-1] == "Mine."
