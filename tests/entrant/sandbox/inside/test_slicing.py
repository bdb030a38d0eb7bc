"""What is kept of a file: one small case for each rule, told by the names of the statements that are left out."""

import ast

import pytest
import sentences
import slicing
import units

USES = "\n---\nclass SubmissionInterface:\n    def __init__(self): self.mark = {}"


def left_out(text, uses="K"):
    """The left-out statements of cells parted by ---, as text."""
    cells = units.read((text + USES.format(uses)).split("---\n"), notebook=True)
    sliced = slicing.Slice(cells)
    sliced.begin()
    return [ast.unparse(unit.node) for position, unit in enumerate(cells.units) if position not in sliced.kept]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("K = 1\nprint(K)", ["print(K)"]),
        ("K = 1\nK = 2", ["K = 1"]),
        ("K = 1\nif x: K = 2\nx = 0", ["x = 0"]),
        ("K = 1\nfor k in (1, 2): K = k", []),
        ("K = 1\nK += 1\nL = 2", ["L = 2"]),
        ("a = 1\ndef K(x=a): return b\na = 2\nb = 3\nb = 4", ["a = 2", "b = 3"]),
        ("a = 1\nclass K:\n    v = a\n    def f(self): return b\nb = 2\na = 3", ["a = 3"]),
        ("b = 1\ndef f(): return b\nK = {'f': f}\nb = 2", []),
        ("class A:\n    def f(self): return b\nclass K(A): pass\nb = 3", []),
        ("globals()['K'] = 3\nL = 1", ["L = 1"]),
        ("with open('x') as f:\n    K = f.read()\n    L = 2", []),
        ("with a() as b:\n    K = 1\n    L = 2\ndef a(): pass", ["L = 2", "def a():\n    pass"]),
        ("try:\n    import here\n    K = 1\nexcept ImportError:\n    K = 2\nL = 1", ["L = 1"]),
        ("import a, K, b", ["import a", "import b"]),
        ("from a import b as K, c", ["from a import c"]),
        ("K = [1]\nK.append(2)\nlen(K)", ["len(K)"]),
        ("K = {}\nK['a'] = 1\ndel K['a']", []),
        ("class K: pass\nK.a = 1\nsetattr(K, 'b', 2)\nprint(K)", ["print(K)"]),
        ("K = net()\nload(K)\nprint(K)\nplt.plot(K)", ["print(K)", "plt.plot(K)"]),
        ("K = net()\nfor p in K.parameters(): p.requires_grad = False", []),
        ("c = {}\nK = c\nc['a'] = 1\nc = 2\nc['b'] = 3", ["c = 2", "c['b'] = 3"]),
        ("K = []\nheld = {'k': K}\nheld['k'].append(1)\nother = held", ["other = held"]),
        (
            "K = []\ndef fill(): K.append(1)\nfill()\ndef look(): return 1\nlook()",
            ["def look():\n    return 1", "look()"],
        ),
        ("def step(): pass\nK = 1\nrun(step)", ["def step():\n    pass", "run(step)"]),
        ("def K(): pass\nrun(K)\nK.a = 1", ["run(K)"]),
        ("import torch as K\nK.manual_seed(1)\nK.randn(3)\nK.nn.Linear = 3", ["K.randn(3)"]),
        ("K = 3\nLoader(data, batch=K)", ["Loader(data, batch=K)"]),
        ("K = net()\nloss(K).backward()\nK.load_state_dict(s)", ["loss(K).backward()"]),
        (
            "def fit_all(m): loss(m).backward()\nK = net()\nfit_all(K)",
            ["def fit_all(m):\n    loss(m).backward()", "fit_all(K)"],
        ),
        ("K = {}\nfor e in r:\n    loss.backward()\n    K['best'] = e", []),
        ("from x import *\nL = 1\nK = f()", ["L = 1"]),
        ("import os\nos.environ['A'] = 'b'\nos.makedirs('c')\nos.getcwd()\nK = 1", ["os.getcwd()"]),
        ("import gdown, sys\ngdown.download('u', 'f')\nsys.path.append('d')\nK = 1", []),
        ("!cp a b\n%cd c\n!pip install d\nK = 1", []),
    ],
)
def test_what_is_left_out(text, gone):
    assert sorted(left_out(text)) == sorted(gone)


def test_a_thousand_statements_in_a_chain_take_no_time():
    chain = "\n".join(["x0 = f()", *(f"x{k} = g(x{k - 1}, x0)" for k in range(1, 1000)), "K = x999"])
    assert left_out(chain) == []


def test_what_was_left_out_is_told_and_training_first():
    cells = units.read(["K = 1\nprint(K)\nprint(2)", "loss.backward()", USES.format("K")[5:]], notebook=True)
    sliced = slicing.Slice(cells)
    sliced.begin()
    assert sentences.left_out(sliced) == "Left out: 3 of 5 statements, among them cell 2 (training), cell 1 (print)."


def test_a_broken_cell_is_named_and_costs_nothing():
    cells = units.read(["K = 1", "for x in", "L = K"], notebook=True)
    assert list(cells.broken) == [2]
    assert [unit.cell for unit in cells.units] == [1, 3]
    assert cells.units[1].line == 3


@pytest.mark.parametrize("text", ["(" * 5000, "x = " + "-" * 100_000 + "1", "def f(:", "return 1", "\x0c\\"])
def test_no_text_breaks_the_reader(text):
    assert units.read([text, "K = 1"], notebook=True).units
