"""Notebooks become scripts that Python compiles, as many lines long, and nothing else of the code changes."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.entrant.notebook import plain, statements
from flowleague.entrant.source import parse_source


def run(raw):
    names = {}
    exec(compile(parse_source(json.dumps(raw).encode(), "entry.ipynb"), "entry", "exec"), names)
    return names


def code(source):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


@pytest.mark.parametrize(
    ("cell", "script"),
    [
        ("!pip install gdown\nx = 1\n", "\nx = 1\n"),
        ("!pip install \\\n  gdown\nx = 1", "\n\nx = 1"),
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("if colab:\n    !pip install gdown\nx = 1", "if colab:\n    pass\nx = 1"),
        ("!echo \"it's\nx = 1", "\nx = 1"),
        ("model?\n??model.vae\nx = 1", "\n\nx = 1"),
        ("from google.colab import drive\nx = 1", "\nx = 1"),
        ("from google.colab import (\n    drive,\n    files,\n)\nx = 1", "\n\n\n\nx = 1"),
        ("import google.colab as colab\nx = 1", "\nx = 1"),
        (
            "try:\n    import google.colab\nexcept ImportError:\n    x = 1",
            "try:\n    pass\nexcept ImportError:\n    x = 1",
        ),
        ("if x: from google.colab import drive", "if x: pass"),
        ("import os; from google.colab import drive; x = 1", "import os; pass; x = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("%%bash\nrm -rf /\n", "\n\n"),
        ("%%writefile model.py\nx = 1\n", "\n\n"),
    ],
)
def test_what_only_notebooks_know_is_dropped(cell, script):
    assert plain(cell) == script
    ast.parse(plain(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "x = 7 \\\n % 4",
        "x = ('%d'\n% 3)",
        's = """\n%time\n!ls\nfrom google.colab import drive\nmodel?\n"""',
        "s = 'a # b'; t = \"it's\"\n",
        "# !pip install gdown\n# %time\n# why?",
        "note = 'see: from google.colab import drive'",
        "import google.colab, os",
        "from google.colaboratory import x",
        "x: int = 3\ny = {1: 2}[1:2] if x else lambda z: z",
        "s = '\\\\'\nt = '\\''\n",
    ],
)
def test_what_looks_like_it_and_is_python_stays(cell):
    assert plain(cell) == cell


@given(st.text(st.sampled_from("ab %!?\\\n\"'#()[];:="), max_size=60))
def test_lines_keep_their_numbers_and_the_pieces_make_the_whole(cell):
    assert plain(cell).count("\n") == cell.count("\n")
    assert "".join(cell[start:end] for start, end, _ in statements(cell)) == cell


@given(
    st.lists(st.sampled_from(["x = 1", "s = '%s' % x", "def f(a: int) -> int:\n    return a % 2", "# %"]), max_size=8)
)
def test_plain_python_is_not_touched(lines):
    assert plain("\n".join(lines)) == "\n".join(lines)


def test_cells_are_joined_in_order_and_text_becomes_comments():
    cells = [code("x = 1"), {"cell_type": "markdown", "source": ["# Title\r", "x = 5\n"]}, code(["y = x\n", "z = 2"])]
    names = run({"cells": cells, "metadata": {}, "nbformat": 4})
    assert (names["x"], names["y"], names["z"]) == (1, 1, 2)


def test_a_notebook_of_format_3_is_read():
    old = {"cell_type": "code", "language": "python", "outputs": [], "input": ["x = 1\n", "%time\n"]}
    assert run({"nbformat": 3, "worksheets": [{"cells": [old]}]})["x"] == 1


def test_a_future_import_may_follow_a_magic():
    assert (
        run({"cells": [code("!pip install x"), code("from __future__ import annotations\nx: Nothing = 1")]})["x"] == 1
    )


def test_outputs_and_metadata_are_not_looked_at():
    hostile = code("x = 1") | {
        "outputs": [{"data": {"text/html": "<script>" * 100_000}}, 7, None],
        "metadata": {"__class__": "os.system", "collapsed": [[[]]], "\x1b[2J": 1e308},
    }
    assert run({"cells": [hostile], "metadata": [1], "nbformat": "four"})["x"] == 1
