"""Cells become Python as IPython would have it, as many lines long, and nothing else of the code changes."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalise import parses, plain, statements


@pytest.mark.parametrize(
    ("cell", "script"),
    [
        ("!pip install gdown\nx = 1\n", "\nx = 1\n"),
        ("!pip install \\\n  gdown\nx = 1", "\n\nx = 1"),
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("if colab:\n    !pip install gdown\nx = 1", "if colab:\n    pass\nx = 1"),
        ("!echo \"it's\nx = 1", "\nx = 1"),
        ("model?\n??model.vae\nx = 1", "\n\nx = 1"),
        ("!cp a b", "_notebook_.shell('cp a b')"),
        ("!gdown {link} -O $name", "_notebook_.shell('gdown {} -O {}', link, name)"),
        ("files = !ls -a: b", "files = _notebook_.quiet('!ls -a: b')"),
        ("best = %timeit -o f()", "best = _notebook_.quiet('%timeit -o f()')"),
        ("y = %time f(2)", "y = f(2)"),
        ("%time x = f()\n%prun g()", "x = f()\ng()"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\nx = 1", "\nout = _notebook_.quiet('out')\nx = 1"),
        ("%%bash\nrm -rf /\ncp a b\n", "\n\n_notebook_.shell('cp a b')\n"),
        ("%%writefile -a m.py\nx = 1\n", "_notebook_.write('m.py', 'x = 1\\n', True)\n\n"),
        ("%%html\n<b>\n", "\n\n"),
        ("%cd work\n%env A=b c", "_notebook_.cd('work')\n_notebook_.env('A', 'b c')"),
        ("%run f.py", "_notebook_.run('f.py', globals())"),
        ("pip install -q 'einops>=1'\nx = 1", "\nx = 1"),
        ("ls\ncd work\nx = 1", "\n_notebook_.cd('work')\nx = 1"),
        ("  x = 1\n  if x:\n    y = 2", "x = 1\nif x:\n  y = 2"),
        (">>> x = 1\n>>> if x:\n...     y = 2", "x = 1\nif x:\n    y = 2"),
    ],
)
def test_what_only_notebooks_know_is_rewritten(cell, script):
    assert plain(cell) == script
    assert plain(cell).count("\n") == cell.count("\n")
    assert parses(plain(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "x = 7 \\\n % 4",
        "x = ('%d'\n% 3)",
        's = """\n%time\n!ls\nfrom google.colab import drive\nmodel?\n"""',
        "s = 'a # b'; t = \"it's\"\n",
        "# !pip install gdown\n# %time\n# why?",
        "x: int = 3\ny = {1: 2}[1:2] if x else lambda z: z",
        "s = '\\\\'\nt = '\\''\n",
        "ls = [1]\nls -= 1\ncat = ls",
        "x != 3\ny = x == 2",
        "await f()\nasync with g() as h: pass",
    ],
)
def test_what_looks_like_it_and_is_python_stays(cell):
    assert plain(cell) == cell


@given(st.text(st.sampled_from("ab %!?\\\n\"'#()[];:="), max_size=60))
def test_the_pieces_make_the_whole(cell):
    assert "".join(cell[start:end] for start, end, _ in statements(cell)) == cell


@given(
    st.lists(st.sampled_from(["x = 1", "s = '%s' % x", "def f(a: int) -> int:\n    return a % 2", "# %"]), max_size=8)
)
def test_plain_python_is_not_touched(lines):
    assert plain("\n".join(lines)) == "\n".join(lines)


LINES = ["x = 1", "!pip install a", "%matplotlib inline", "y = !ls", "z = %pwd", "model?", "s = '''\n!not\n'''"]
LINES += [
    "if x:\n    !ls\n    y = 2",
    "t = (1,\n  2)",
    "a = 'b' % 3",
    "# %x",
    "for k in y:\n    %time\n",
    "w = x \\\n % 2",
]


@given(st.lists(st.sampled_from(LINES), max_size=6))
def test_cells_have_the_syntax_tree_that_ipython_gives_them(lines):
    from IPython.core.inputtransformer2 import TransformerManager

    cell = "\n".join(lines) + "\n"
    assert _shape(plain(cell)) == _shape(TransformerManager().transform_cell(cell))


class _Alike(ast.NodeTransformer):
    """The same for what the two call differently: shell lines and magics as statements vanish, as values are `?`."""

    def visit_Expr(self, node: ast.Expr) -> Any:
        return None if _special(node.value) else node

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        return ast.Assign(node.targets, ast.Constant("?")) if _special(node.value) else node


def _special(node: ast.AST) -> bool:
    return ast.unparse(node).startswith(("get_ipython()", "_notebook_"))


def _shape(code: str) -> str:
    return ast.dump(_Alike().visit(ast.parse(code)))
