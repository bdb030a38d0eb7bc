"""Notebooks give their code cells, whatever else they hold."""

import json

from flowleague.entrant.source import parse_source


def cells(raw):
    return parse_source(json.dumps(raw).encode(), "entry.ipynb").cells


def code(source):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def test_code_cells_come_in_order_with_their_lines_joined():
    held = [code("x = 1"), {"cell_type": "markdown", "source": ["# Title\r", "x = 5\n"]}, code(["y = x\r\n", "z = 2"])]
    assert cells({"cells": held, "metadata": {}, "nbformat": 4}) == ("x = 1", "y = x\nz = 2")


def test_a_notebook_of_format_3_is_read():
    old = {"cell_type": "code", "language": "python", "outputs": [], "input": ["x = 1\n", "%time\n"]}
    assert cells({"nbformat": 3, "worksheets": [{"cells": [old]}]}) == ("x = 1\n%time\n",)


def test_outputs_and_metadata_are_not_looked_at():
    hostile = code("x = 1") | {
        "outputs": [{"data": {"text/html": "<script>" * 100_000}}, 7, None],
        "metadata": {"__class__": "os.system", "collapsed": [[[]]], "\x1b[2J": 1e308},
    }
    assert cells({"cells": [hostile], "metadata": [1], "nbformat": "four"}) == ("x = 1",)
