import io
import json
import math
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.program.container import CONSTANTS, STRUCTURE, declared_in, packed, read, unpacked, write
from flowleague.program.format import Constant, Draw, Entry, Program, Step
from flowleague.program.values import ProgramError, Ref, Spec


def entry() -> Entry:
    """x W' + 2 noise, with a bound at infinity and a constant of half the size."""
    steps = (
        Step("aten.permute.default", (Ref(2), (1, 0))),
        Step("aten.mm.default", (Ref(0), Ref(4))),
        Step("aten.add.Tensor", (Ref(5), Ref(1), 2.0)),
        Step("aten.mul.Tensor", (Ref(6), Ref(3))),
        Step("aten.clamp.default", (Ref(7), -math.inf)),
        Step("aten.cat.default", ((Ref(8), Ref(8)), 1)),
        Step("aten.mul.Tensor", (Ref(9), 1)),
    )
    weight, scale = Spec("float32", (4, 3)), Spec("bfloat16", ())
    program = Program(
        (Spec("float32", (10, 3)),), (Draw("normal", (10, 4)),), (("w", weight), ("s", scale)), steps, (10,)
    )
    return Entry(10, {"encode": program}, {"w": Constant(weight, bytes(48)), "s": Constant(scale, bytes(2))})


def changed(change) -> bytes:
    """The file with its structure changed."""
    return repacked(lambda structure: change(structure) or json.dumps(structure).encode())


def repacked(change, constants: bytes | None = None) -> bytes:
    with zipfile.ZipFile(io.BytesIO(packed(entry()))) as archive:
        structure, numbers = json.loads(archive.read(STRUCTURE)), archive.read(CONSTANTS)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(STRUCTURE, change(structure))
        archive.writestr(CONSTANTS, numbers if constants is None else constants)
    return made.getvalue()


def test_what_is_written_is_read_and_the_bytes_are_the_same(tmp_path):
    write(entry(), tmp_path / "e.zip")
    assert read(tmp_path / "e.zip") == entry()
    assert packed(read(tmp_path / "e.zip")) == (tmp_path / "e.zip").read_bytes()


def test_constants_are_read_in_one_order():
    names, spec = [f"c{k}" for k in range(40)], Spec("float32", (1, 3))
    steps = tuple(Step("aten.add.Tensor", (Ref(40 + k if k else 0), Ref(1 + k))) for k in range(40))
    program = Program((Spec("float32", (10, 3)),), (), tuple((name, spec) for name in names), steps, (80,))
    whole = Entry(10, {"encode": program}, {name: Constant(spec, bytes(12)) for name in names})
    assert list(unpacked(packed(whole)).constants) == sorted(names)  # else pages would differ from build to build


def test_equal_blocks_are_equal_text():
    shape = (10, 3)
    steps = tuple(
        step for i in range(50) for step in (Step("aten.sin.default", (Ref(1 + 2 * i if i else 0),)),
                                             Step("aten.mul.Tensor", (Ref(1 + 2 * i), 0.5)))
    )  # fmt: skip
    steps = tuple(Step(s.name, (Ref(2 * (k // 2) + k % 2), *s.arguments[1:])) for k, s in enumerate(steps))
    program = Program((Spec("float32", shape),), (), (), steps, (100,))
    made = packed(Entry(10, {"decode": program}, {}))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        listed = json.loads(archive.read(STRUCTURE))["programs"]["decode"]["operations"]
    assert listed[2:4] == listed[4:6] == listed[98:100]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(version=99),
        lambda s: s.update(batch=0),
        lambda s: s.update(more=1),
        lambda s: s["programs"].update(train=s["programs"]["encode"]),
        lambda s: s["programs"]["encode"]["operations"].append(["os.system", "ls"]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.add_.Tensor", 0, [1]]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.as_strided.default", 0, [9], [9], 0]),
        lambda s: s["programs"]["encode"]["operations"].append([]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.sin.default", 99]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.sin.default", -99]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.sin.default", True]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.sin.default", 1.0]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.sin.default", None]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.full.default", [2**70], 1.0]),
        lambda s: s["programs"]["encode"]["operations"].append(["aten.expand.default", -1, [10**15, 10, 8]]),
        lambda s: (
            s["programs"]["encode"]["operations"].extend([["aten.full.default", [2**28], 1.0]] * 9),
            s["programs"]["encode"].update(outputs=list(range(11, 20))),
        )[1],
        lambda s: s["programs"]["encode"].update(outputs=[]),
        lambda s: s["programs"]["encode"].update(outputs=[4000]),
        lambda s: s["programs"]["encode"].update(constants=["w", "w"]),
        lambda s: s["programs"]["encode"].update(constants=["w", "missing"]),
        lambda s: s["programs"]["encode"].update(draws=[["gamma", [3]]]),
        lambda s: s["programs"]["encode"].update(draws=[["normal", [0]]]),
        lambda s: s["programs"]["encode"].update(inputs=[["object", [3]]]),
    ],
)
def test_a_changed_structure_is_refused_in_a_sentence(change):
    with pytest.raises(ProgramError, match="damaged"):
        unpacked(changed(change))


@pytest.mark.parametrize("text", [b"", b"[", b"null", b'{"a": 1e400}', b"\xff", b"[" * 100_000, b'{"format": NaN}'])
def test_what_is_no_structure_is_refused(text):
    with pytest.raises(ProgramError, match="damaged"):
        unpacked(repacked(lambda _structure: text))


@pytest.mark.parametrize("constants", [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}", (2**62).to_bytes(8, "little")])
def test_damaged_constants_are_refused(constants):
    with pytest.raises(ProgramError, match="damaged"):
        unpacked(repacked(lambda s: json.dumps(s).encode(), constants))


def test_a_number_beyond_float64_in_an_operation_is_refused():
    def huge(structure):
        return json.dumps(structure).replace("2.0", "1e400").encode()

    with pytest.raises(ProgramError, match="damaged"):
        unpacked(repacked(huge))


@given(st.data())
def test_any_byte_may_be_another(data):
    raw = bytearray(packed(entry()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _reads_or_refuses(bytes(raw))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_any_argument_may_be_another(data):
    def change(structure):
        operations = structure["programs"]["encode"]["operations"]
        operation = data.draw(st.sampled_from(operations))
        operation[data.draw(st.integers(0, len(operation) - 1))] = data.draw(_JSON)

    _reads_or_refuses(changed(change))


def _reads_or_refuses(raw: bytes) -> None:
    try:
        made = unpacked(raw)
    except ProgramError:
        return
    assert unpacked(packed(made)) == made


def test_what_is_declared_is_read_and_changes_no_program(tmp_path):
    card, log = {"recipe": "mine"}, [{"stage": "vae"}, {"stage": "flow"}]
    lines = "".join(json.dumps(line) + "\n" for line in log)
    files = {"training.jsonl": lines.encode(), "card.json": json.dumps(card).encode()}
    write(entry(), tmp_path / "e.zip", files)
    raw = (tmp_path / "e.zip").read_bytes()
    assert unpacked(raw) == entry()
    assert (declared_in(raw).log, declared_in(raw).card) == (log, card)
    assert (declared_in(packed(entry())).log, declared_in(packed(entry())).card) == ([], {})


@pytest.mark.parametrize(("name", "content"), [("training.jsonl", b"{"), ("card.json", b'{"prize": 1}')])
def test_what_is_declared_is_read_strictly_and_not_written_damaged(name, content, tmp_path):
    with pytest.raises(ProgramError, match=f"{name} of the captured entry"):
        declared_in(packed(entry(), {name: content}))
    with pytest.raises(ProgramError, match=f"{name} of the captured entry"):
        write(entry(), tmp_path / "e.zip", {name: content})
    assert not (tmp_path / "e.zip").exists()
