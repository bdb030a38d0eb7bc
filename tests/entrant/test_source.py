"""Sources: what Python reads is read, and each kind of damage is refused by its name in a printable sentence."""

import json
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.entrant.source import NOTEBOOK_LIMIT, SOURCE_LIMIT, parse_source, read_source
from flowleague.errors import EntryError, FlowLeagueError


def notebook(*cells):
    held = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": held}).encode()


def refusal(path):
    with pytest.raises(EntryError) as caught:
        read_source(path)
    error = caught.value
    assert isinstance(error, FlowLeagueError)
    assert str(error) == f"{error.sentence} {error.hint}"
    assert str(error).isprintable()
    return error.name


@pytest.mark.parametrize(
    "raw",
    [
        "team = 'Zoë'\n".encode(),
        "\ufeffteam = 'Zoë'\r\n".encode(),
        "# -*- coding: latin-1 -*-\nteam = 'Zoë'\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nteam = 'Zoë'\r".encode("cp1252"),
        "# coding: utf-8\nteam = 'Zoë'\n".encode(),
    ],
)
def test_a_script_is_read_as_python_reads_it(tmp_path, raw):
    (tmp_path / "entry.py").write_bytes(raw)
    ours, theirs = {}, {}
    exec(compile(read_source(tmp_path / "entry.py").cells[0], "ours", "exec"), ours)
    exec(compile(raw, "theirs", "exec"), theirs)
    assert ours["team"] == theirs["team"] == "Zoë"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"x = '\xff'\n", "not_text"),
        ("x = 'Zoë'\n".encode("utf-16"), "not_text"),
        (b"x = 1\0\n", "not_text"),
        (b"# coding: klingon\nx = 1\n", "not_text"),
        (b"# coding: zlib\nx = 1\n", "not_text"),
        (b"# coding: punycode\nx = 1\n", "not_text"),
        (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", "not_text"),
        (b"# coding: ascii\nx = '\xc3\xab'\n", "not_text"),
        (b"#" * (SOURCE_LIMIT + 1), "too_large"),
    ],
)
def test_a_script_that_is_no_text_is_refused(tmp_path, raw, name):
    (tmp_path / "entry.py").write_bytes(raw)
    assert refusal(tmp_path / "entry.py") == name


def test_a_source_of_50_mb_is_refused_without_being_read_whole(tmp_path):
    for name in ("entry.py", "entry.ipynb"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(50 * 10**6 + NOTEBOOK_LIMIT)
        assert refusal(tmp_path / name) == "too_large"


def test_the_line_of_the_damage_is_named(tmp_path):
    (tmp_path / "entry.py").write_bytes(b"a = 1\nb = 2\nc = '\xff'\n")
    with pytest.raises(EntryError, match="line 3"):
        read_source(tmp_path / "entry.py")
    (tmp_path / "entry.py").write_bytes(b"a = 1\nb = '\0'\n")
    with pytest.raises(EntryError, match="line 2"):
        read_source(tmp_path / "entry.py")


@pytest.mark.parametrize(
    "name", ["a\x1b[2J.py", "a\n.py", "a\u202eyp.ipynb", os.fsdecode(b"a\xff.py"), "a" * 220 + ".py"]
)
def test_names_that_no_terminal_should_see_are_refused(tmp_path, name):
    (tmp_path / name).write_text("x = 1\n")
    assert refusal(tmp_path / name) == "bad_name"


def test_only_the_two_kinds_are_read(tmp_path):
    for name in ("entry.txt", "entry", "entry.py.exe"):
        (tmp_path / name).write_text("x = 1\n")
        assert refusal(tmp_path / name) == "unknown_kind"


def test_links_folders_pipes_and_devices_are_refused(tmp_path):
    (tmp_path / "secret").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "secret")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    for name in ("none.py", "link.py", "folder.py", "pipe.py"):
        assert refusal(tmp_path / name) == "unreadable"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"cells": []}',
        b'{"cells": {}}',
        b'{"cells": [[]]}',
        b'{"cells": [{"source": "x"}]}',
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": ["x", ["y"]]}]}',
        b'{"cells": [{"cell_type": "markdown", "source": "x"}]}',
        b'{"worksheets": [{"cells": 1}]}',
        b'{"cells": ' * 50_000,
        b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b', "cells": []}',
        b"\xff\xfe",
        b'{"cells": [{"cell_type": "code", "source": "x"}]',
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, raw):
    (tmp_path / "entry.ipynb").write_bytes(raw)
    assert refusal(tmp_path / "entry.ipynb") == "not_a_notebook"


@pytest.mark.parametrize(
    ("cell", "name"),
    [("x = 'a\0b'", "not_text"), ("#" * (SOURCE_LIMIT + 1), "too_large"), (["#\n"] * SOURCE_LIMIT, "too_large")],
)
def test_a_notebook_s_code_obeys_the_rules_of_a_script(tmp_path, cell, name):
    (tmp_path / "entry.ipynb").write_bytes(notebook(cell))
    assert refusal(tmp_path / "entry.ipynb") == name


def test_half_a_character_is_refused(tmp_path):
    (tmp_path / "entry.ipynb").write_bytes(notebook("x = 'a'").replace(b"'a'", b"'\\ud800'"))
    assert refusal(tmp_path / "entry.ipynb") in ("not_text", "not_a_notebook")


def test_only_code_counts_against_the_limit(tmp_path):
    document = json.loads(notebook("x = 'é'\n" * 1000))
    document["cells"].append(
        {"cell_type": "markdown", "source": "![](data:image/png;base64," + "A" * SOURCE_LIMIT + ")"}
    )
    (tmp_path / "entry.ipynb").write_text(json.dumps(document))
    assert len(read_source(tmp_path / "entry.ipynb").cells) == 1
    (tmp_path / "entry.ipynb").write_bytes(notebook("x = 'é'\n" * (SOURCE_LIMIT // 9 + 1)))  # nine bytes, eight letters
    assert refusal(tmp_path / "entry.ipynb") == "too_large"


def test_what_other_readers_forgive_is_forgiven():
    output = b'"outputs": [{"data": {"a": NaN, "b": "\\ud83d"}}]'
    raw = notebook("x = 1").replace(b'"outputs": []', output)
    assert raw.count(output) == 1
    assert parse_source(b"\xef\xbb\xbf" + raw, "a.ipynb").cells == ("x = 1",)
    cells = [{"cell_type": "markdown", "source": None}, {"cell_type": "code", "source": "x = 1"}, {"cell_type": "raw"}]
    assert parse_source(json.dumps({"cells": cells}).encode(), "a.ipynb").cells == ("x = 1",)


@pytest.mark.parametrize(
    ("raw", "words"), [(b"<!DOCTYPE html><html>", "web page"), (b'{"cells": [\n<<<<<<< HEAD\n]}', "merge")]
)
def test_files_that_are_something_else_are_told_so(raw, words):
    with pytest.raises(EntryError, match=words):
        parse_source(raw, "a.ipynb")


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("x = 1\n", 1),
        ("import torch\n# %%\nx = 1\n# %% [markdown]\n# Title\n", 3),
        ("#!/usr/bin/env python\n# In[1]:\nx = 1\n# In[ ]:\n!ls\n", 3),
        ('"""Automatically generated by Colab."""\n!pip install gdown\n', 1),
    ],
)
def test_a_script_exported_from_a_notebook_is_one(text, cells):
    source = parse_source(text.encode(), "entry.py")
    assert len(source.cells) == cells
    assert source.notebook == (text != "x = 1\n")
    assert "".join(source.cells) == text


@given(st.binary(max_size=300), st.sampled_from(["entry.py", "entry.ipynb"]))
def test_no_bytes_escape_as_another_error(raw, name):
    with suppress(EntryError):
        text = "".join(parse_source(raw, name).cells)
        assert "\0" not in text
        assert "\r" not in text
