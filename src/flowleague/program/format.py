"""Programs, and the file in which an entry keeps its three.

A program is a straight line of functional operations:

    values    inputs, draws, constants, then the results of each operation, numbered in this order
    operation (name, arguments); an argument that is a tensor is a `Ref` to an earlier value

The file is a zip of two members: ``program.json``, the lists of operations, and ``constants.safetensors``, the numbers
that the programs share. In the JSON a tensor is the number of an input, draw or constant counted from 0, or -k for the
k-th value before the operation's first result, so that repeated blocks are repeated text. Numbers that JSON does not
have are the strings "inf", "-inf" and "nan" where a number is expected.

Reading is strict: sizes are checked before content, and every operation by its entry in the table. Nothing that the
file claims beyond this is used.
"""

import io
import json
import math
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import safetensors

from flowleague.errors import printable
from flowleague.files import read_regular, write_atomically
from flowleague.program.operations import VERSION, completed, find, trimmed
from flowleague.program.values import ProgramError, Ref, Spec, checked_spec, require
from flowleague.zips import check_end, read_member

STRUCTURE, CONSTANTS = "program.json", "constants.safetensors"
NAMES = ("encode", "decode", "generate")
DRAWS = ("uniform", "normal")

MOST_OPERATIONS = 200_000  # the largest entry of the contest of 2025 has 61,772
MOST_STRUCTURE = 48 * 2**20  # bytes of program.json
MOST_CONSTANTS = 400 * 2**20  # bytes of constants.safetensors: 100 million float32
MOST_LEAVES = 100_000
MOST_LIVE = 8 * 2**30  # bytes that a program may hold at one time
MOST_BATCH = 4096

_STORED = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
}  # fmt: skip
_READ = {stored: dtype for dtype, stored in _STORED.items()}
_ODD = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers that whoever replays supplies: uniform in [0, 1) or standard normal, float32."""

    kind: str
    shape: tuple[int, ...]

    @property
    def spec(self) -> Spec:
        return Spec("float32", self.shape)


@dataclass(frozen=True, slots=True)
class Constant:
    """Numbers that a program holds: little-endian bytes in row-major order."""

    spec: Spec
    data: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a program and its arguments, defaults left out."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Program:
    """A straight line of operations with the names of its constants; specs of all values are derived, never told."""

    inputs: tuple[Spec, ...]
    draws: tuple[Draw, ...]
    constants: tuple[tuple[str, Spec], ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    @property
    def leaves(self) -> list[Spec]:
        """Specs of inputs, draws and constants: the values that no operation makes."""
        return [*self.inputs, *(draw.spec for draw in self.draws), *(spec for _, spec in self.constants)]

    @cached_property
    def inferred(self) -> "Inferred":
        """Specs and FLOPs by the table; raises `ProgramError` for a program that does not hold together."""
        return _infer(self)


@dataclass(frozen=True)
class Inferred:
    """What the table says of a program: arguments with defaults, specs of all values, first results, FLOPs, memory."""

    arguments: tuple[tuple[Any, ...], ...]
    specs: tuple[Spec, ...]
    first: tuple[int, ...]  # the number of each step's first result
    flops: tuple[int, ...]
    last_use: tuple[int, ...]  # the step after which a value is needed no more; the number of steps for outputs
    live_bytes: int


@dataclass(frozen=True)
class Entry:
    """A captured entry: three programs, for a batch of fixed size, over one set of constants."""

    batch: int
    programs: dict[str, Program]
    constants: dict[str, Constant]


def references(arguments: Any) -> list[int]:
    """The values that arguments refer to, in order."""
    if isinstance(arguments, Ref):
        return [arguments.at]
    if isinstance(arguments, tuple):
        return [at for argument in arguments for at in references(argument)]
    return []


def _infer(program: Program) -> Inferred:
    require(len(program.steps) <= MOST_OPERATIONS, f"a program has more than {MOST_OPERATIONS:,} operations")
    specs = [checked_spec(spec) for spec in program.leaves]
    require(len(specs) <= MOST_LEAVES, f"a program has more than {MOST_LEAVES:,} inputs, draws and constants")
    arguments, first, flops, last = [], [], [], [-1] * len(specs)
    for number, step in enumerate(program.steps):
        entry = find(step.name)
        given = completed(entry, step.arguments)
        for at in references(given):
            require(0 <= at < len(specs), f"operation {number} refers to a value that does not exist yet")
            last[at] = number
        made, cost = entry.infer(given, specs)
        arguments.append(given)
        first.append(len(specs))
        flops.append(cost)
        specs.extend(made)
        last.extend([number] * len(made))
    require(bool(program.outputs), "a program has no output")
    for at in program.outputs:
        require(type(at) is int and 0 <= at < len(specs), "an output is a value that does not exist")
        last[at] = len(program.steps)
    live = _live_bytes(specs, first, last)
    require(live <= MOST_LIVE, f"a program holds {live / 2**30:.1f} GB at one time")
    return Inferred(tuple(arguments), tuple(specs), tuple(first), tuple(flops), tuple(last), live)


def _live_bytes(specs: list[Spec], first: list[int], last: list[int]) -> int:
    """The most bytes held at one time, views counted as if they were copies."""
    ends: dict[int, int] = {}
    for at, step in enumerate(last):
        ends[step] = ends.get(step, 0) + specs[at].bytes
    held = most = sum(spec.bytes for spec in specs[: first[0] if first else None])
    for number, start in enumerate(first):
        stop = first[number + 1] if number + 1 < len(first) else len(specs)
        held += sum(spec.bytes for spec in specs[start:stop])
        most = max(most, held)
        held -= ends.get(number, 0)
    return most


# --- writing


def write(entry: Entry, path: str | Path) -> None:
    """Write an entry; the same entry gives the same bytes. Raises `OutputError`."""
    write_atomically(Path(path), packed(entry))


def packed(entry: Entry) -> bytes:
    """The bytes of an entry's file."""
    structure = {
        "format": "flowleague-programs",
        "version": VERSION,
        "batch": entry.batch,
        "programs": {name: _plain(entry.programs[name]) for name in NAMES if name in entry.programs},
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((STRUCTURE, _json(structure)), (CONSTANTS, _tensors(entry.constants))):
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, content, compresslevel=6)
    return made.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _tensors(constants: dict[str, Constant]) -> bytes:
    """The safetensors file of constants: length of the header, header, bytes one after the other."""
    header, at = {}, 0
    for name, constant in sorted(constants.items()):
        end = at + len(constant.data)
        shape = list(constant.spec.shape)
        header[name] = {"dtype": _STORED[constant.spec.dtype], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = _json(header)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(constant.data for _, constant in sorted(constants.items()))


def _plain(program: Program) -> dict[str, Any]:
    return {
        "inputs": [[spec.dtype, list(spec.shape)] for spec in program.inputs],
        "draws": [[draw.kind, list(draw.shape)] for draw in program.draws],
        "constants": [name for name, _ in program.constants],
        "operations": listed(program),
        "outputs": list(program.outputs),
    }


def listed(program: Program) -> list[list[Any]]:
    """The operations as the file holds them."""
    leaves, first = len(program.leaves), program.inferred.first
    made = []
    for step, here in zip(program.steps, first, strict=True):
        entry = find(step.name)
        given = zip(entry.parameters, trimmed(entry, step.arguments), strict=False)
        made.append([step.name, *(_stored(argument, parameter.kind, here, leaves) for parameter, argument in given)])
    return made


def _stored(argument: Any, kind: str, here: int, leaves: int) -> Any:
    if isinstance(argument, Ref):
        return argument.at if argument.at < leaves else argument.at - here
    if isinstance(argument, tuple):
        return [_stored(one, "", here, leaves) for one in argument]
    if isinstance(argument, float) and not math.isfinite(argument):
        argument = "nan" if math.isnan(argument) else "inf" if argument > 0 else "-inf"
    return [argument] if kind == "Operand" else argument


# --- reading


def read(path: str | Path) -> Entry:
    """The entry of a file; raises `ProgramError` with a sentence for whatever is not as it should be."""
    try:
        raw = read_regular(Path(path), MOST_STRUCTURE + MOST_CONSTANTS)
    except OSError as error:
        raise ProgramError(f"{Path(path).name} cannot be read: {error.strerror or error}") from error
    return unpacked(raw)


def unpacked(raw: bytes) -> Entry:
    """The entry in the bytes of a file; raises `ProgramError`."""
    try:
        with zipfile.ZipFile(_checked_zip(raw)) as archive:
            structure, constants = _members(archive)
            return _entry(_decoded(structure), _constants(constants))
    except ProgramError as error:
        raise ProgramError(f"The captured entry is damaged: {error}. Capture it again.") from error
    except (ValueError, zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, NotImplementedError) as error:
        raise ProgramError(f"The captured entry is damaged: {printable(error)}. Capture it again.") from error
    except (RuntimeError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
        raise ProgramError("The captured entry is damaged. Capture it again.") from error
    except Exception as error:
        if type(error).__module__.startswith(("zlib", "safetensors")):
            raise ProgramError("The captured entry is damaged. Capture it again.") from error
        raise


def _checked_zip(raw: bytes) -> io.BytesIO:
    require(len(raw) <= MOST_STRUCTURE + MOST_CONSTANTS, "it is too large")
    check_end(raw, 2)
    return io.BytesIO(raw)


def _members(archive: zipfile.ZipFile) -> tuple[bytes, bytes]:
    members = {member.filename: member for member in archive.infolist()}
    require(sorted(members) == sorted((STRUCTURE, CONSTANTS)), f"it holds other files than {STRUCTURE}, {CONSTANTS}")
    require(len(archive.infolist()) == 2, "a member stands twice")
    for name, most in ((STRUCTURE, MOST_STRUCTURE), (CONSTANTS, MOST_CONSTANTS)):
        member = members[name]
        require(member.file_size <= most, f"{name} is larger than {most / 2**20:.0f} MB")
        require(not member.flag_bits & 0x1, f"{name} is encrypted")
        require(member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), f"{name} is packed in a rare way")
    return read_member(archive, members[STRUCTURE]), read_member(archive, members[CONSTANTS])


class _PlainProgram(msgspec.Struct, forbid_unknown_fields=True):
    inputs: list[tuple[str, list[int]]]
    draws: list[tuple[str, list[int]]]
    constants: list[str]
    operations: list[list[Any]]
    outputs: list[int]


class _PlainEntry(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    batch: int
    programs: dict[str, _PlainProgram]


def _decoded(raw: bytes) -> _PlainEntry:
    require(raw.count(b"[") + raw.count(b",") <= 64 * MOST_OPERATIONS, "its lists are too long")
    try:
        return msgspec.json.decode(raw, type=_PlainEntry)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProgramError(f"{STRUCTURE} is not as it should be ({printable(error)})") from error


def _constants(raw: bytes) -> dict[str, Constant]:
    try:
        members = safetensors.deserialize(raw)
    except Exception as error:  # its own error class, and others for headers that are no text
        raise ProgramError(f"{CONSTANTS} is damaged") from error
    require(len(members) <= MOST_LEAVES, f"there are more than {MOST_LEAVES:,} constants")
    found = {}
    for name, member in members:
        stored: Any = member
        dtype = _READ.get(stored["dtype"], "")
        require(bool(dtype), f"the constant {printable(name, 30)} is of a type that programs do not have")
        spec = checked_spec(Spec(dtype, tuple(stored["shape"])))
        require(len(stored["data"]) == spec.bytes, f"the constant {printable(name, 30)} has another size than it says")
        found[name] = Constant(spec, bytes(stored["data"]))
    return found


def _entry(plain: _PlainEntry, constants: dict[str, Constant]) -> Entry:
    require(plain.format == "flowleague-programs", "it is no captured entry")
    require(plain.version == VERSION, f"it has version {plain.version} of the operations, this program has {VERSION}")
    require(1 <= plain.batch <= MOST_BATCH, f"the batch of {plain.batch} is not in 1 .. {MOST_BATCH}")
    require(set(plain.programs) <= set(NAMES) and bool(plain.programs), "its programs have other names")
    programs = {name: _program(one, constants) for name, one in plain.programs.items()}
    used = {name for program in programs.values() for name, _ in program.constants}
    require(used == set(constants), "it holds constants that no program uses")
    return Entry(plain.batch, programs, constants)


def _program(plain: _PlainProgram, constants: dict[str, Constant]) -> Program:
    require(len(plain.operations) <= MOST_OPERATIONS, f"a program has more than {MOST_OPERATIONS:,} operations")
    require(all(kind in DRAWS for kind, _ in plain.draws), "draws are uniform or normal")
    require(all(name in constants for name in plain.constants), "a constant does not exist")
    require(len(set(plain.constants)) == len(plain.constants), "a constant is named twice")
    inputs = tuple(Spec(dtype, tuple(shape)) for dtype, shape in plain.inputs)
    draws = tuple(Draw(kind, tuple(shape)) for kind, shape in plain.draws)
    named = tuple((name, constants[name].spec) for name in plain.constants)
    leaves = here = len(inputs) + len(draws) + len(named)
    steps = []
    for operation in plain.operations:
        entry = find(operation[0] if operation else "")
        require(len(operation) - 1 <= len(entry.parameters), f"{entry.name} has too many arguments")
        pairs = zip(operation[1:], entry.parameters, strict=False)
        steps.append(Step(entry.name, tuple(_argument(value, one.kind, here, leaves) for value, one in pairs)))
        here += entry.results
    program = Program(inputs, draws, named, tuple(steps), tuple(plain.outputs))
    _ = program.inferred
    return program


def _argument(value: Any, kind: str, here: int, leaves: int) -> Any:
    kind = kind.removesuffix("?")
    if kind == "Operand" and isinstance(value, list):
        require(len(value) == 1, "a number stands alone")
        return _number(value[0])
    if kind in ("Tensor", "Operand"):
        return None if value is None else _reference(value, here, leaves)
    if kind in ("Tensor[]", "Tensor?[]"):
        require(isinstance(value, list), "a list of tensors is expected")
        return tuple(None if one is None else _reference(one, here, leaves) for one in value)
    if isinstance(value, list):
        return tuple(value)
    return _number(value) if kind in ("Scalar", "float") else value


def _number(value: Any) -> Any:
    return _ODD.get(value, value) if isinstance(value, str) else value


def _reference(value: Any, here: int, leaves: int) -> Ref:
    require(type(value) is int and leaves - here <= value < leaves, "an operation refers to a value that does not exist")
    return Ref(value if value >= 0 else here + value)
