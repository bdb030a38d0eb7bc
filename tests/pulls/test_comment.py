"""A stranger's words cannot leave the code that they stand in: read with a parser of Markdown."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flowleague.errors import printable
from flowleague.pulls.comment import block, inline

WORDS = st.text(st.sampled_from("`~<>@#|\\*_[]()!&\n\r\t ab1:\u202e\u2028$-=") | st.characters(), max_size=300)


@given(WORDS)
def test_inline_is_one_piece_of_code(words):
    (paragraph,) = [token for token in MarkdownIt().parse(f"x {inline(words)} y") if token.type == "inline"]
    kinds = [(child.type, child.content) for child in paragraph.children or []]
    assert [kind for kind, _ in kinds] == ["text", "code_inline", "text"]
    assert kinds[1][1].strip() == (printable(words, 120) or "?").strip()


@given(WORDS, WORDS)
def test_a_block_is_one_piece_of_code(first, second):
    tokens = MarkdownIt().parse(f"before\n\n{block(first, second)}\n\nafter")
    assert [token.type for token in tokens if token.nesting == 0] == ["inline", "fence", "inline"]
    assert tokens[-2].content == "after"
    assert all(len(line) <= 1000 for line in tokens[3].content.splitlines())
