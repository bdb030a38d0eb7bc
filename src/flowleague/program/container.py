"""The file of a captured entry: a zip of ``program.json``, the lists of operations, and ``constants.safetensors``.

In the JSON a tensor is the number of an input, draw or constant counted from 0, or -k for the k-th value before the
operation's first result, so that repeated blocks are repeated text. A number in the place of a tensor stands in a list
of its own. Numbers that JSON does not have are the strings "inf", "-inf" and "nan" where a number is expected.

Reading is strict: sizes are checked before content, and every operation by its entry in the table. A log and a card of
the training may stand beside the programs, as in a bundle: they are what the entrant declares. Nothing else that the
file claims is used.
"""

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import safetensors

from flowleague.archive import ZipLimits, open_zip, read_zip, write_zip
from flowleague.bundle.files import CARD_FILE, LIMITS, LOG_FILE
from flowleague.bundle.read import read_card, read_records
from flowleague.errors import BundleError, printable
from flowleague.files import open_regular, read_regular, write_atomically
from flowleague.program.format import (
    DRAWS,
    MOST_BATCH,
    MOST_LEAVES,
    MOST_OPERATIONS,
    NAMES,
    Constant,
    Draw,
    Entry,
    Program,
    Step,
)
from flowleague.program.operations import VERSION, find, trimmed
from flowleague.program.values import ProgramError, Ref, Spec, checked_spec, require

STRUCTURE, CONSTANTS = "program.json", "constants.safetensors"
MOST_STRUCTURE = 48 * 2**20  # bytes of program.json
MOST_CONSTANTS = 400 * 2**20  # bytes of constants.safetensors: 100 million float32

_MEMBERS = {
    STRUCTURE: MOST_STRUCTURE,
    CONSTANTS: MOST_CONSTANTS,
    LOG_FILE: LIMITS[LOG_FILE],
    CARD_FILE: LIMITS[CARD_FILE],
}  # bytes
_PEEKED = ZipLimits(members=16, directory=4096, total=2**40)  # only the directory is read

_STORED = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
}  # fmt: skip
_READ = {stored: dtype for dtype, stored in _STORED.items()}
_ODD = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def write(entry: Entry, path: str | Path, declared: Mapping[str, bytes] | None = None) -> None:
    """Write an entry; the same entry gives the same bytes.

    Raises `OutputError`, and `ProgramError` for a log or card that cannot be read.
    """
    raw = packed(entry, declared)
    declared_in(raw)  # what nobody could read is not written
    write_atomically(Path(path), raw)


def packed(entry: Entry, declared: Mapping[str, bytes] | None = None) -> bytes:
    """The bytes of an entry's file, with the log and the card, if any, by their names."""
    structure = {
        "format": "flowleague-programs",
        "version": VERSION,
        "batch": entry.batch,
        "programs": {name: _plain(entry.programs[name]) for name in NAMES if name in entry.programs},
    }
    # Stored: repeated blocks would pack more than a reader of strangers' zips should unpack
    files = {STRUCTURE: _json(structure), CONSTANTS: constants_file(entry.constants), **(declared or {})}
    return write_zip(files, zipfile.ZIP_STORED)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def constants_file(constants: dict[str, Constant]) -> bytes:
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


def holds_programs(file: BinaryIO) -> bool:
    """Whether an open file is a zip with programs, whatever it is called; only its directory is read."""
    try:
        with open_zip(file, _PEEKED) as archive:
            return any(member.filename == STRUCTURE for member in archive.infolist())
    except (OSError, ValueError):
        return False


def is_captured(path: str | Path) -> bool:
    """Whether a file is a zip with programs, whatever it is called; a link, pipe or device is none."""
    try:
        with open_regular(Path(path)) as file:
            return holds_programs(file)
    except OSError:
        return False


def read(path: str | Path) -> Entry:
    """The entry of a file; raises `ProgramError` with a sentence for whatever is not as it should be."""
    return unpacked(read_bytes(path))


def read_bytes(path: str | Path) -> bytes:
    """The bytes of a captured entry's file; raises `ProgramError`."""
    try:
        return read_regular(Path(path), sum(_MEMBERS.values()))
    except OSError as error:
        raise ProgramError(f"{printable(Path(path).name)} cannot be read ({error.strerror or error}).") from error


def constants_of(raw: bytes) -> bytes:
    """The safetensors file in the bytes of a captured entry that `unpacked` has read."""
    return read_zip(raw, _MEMBERS, (STRUCTURE, LOG_FILE, CARD_FILE))[CONSTANTS]


def log_of(raw: bytes) -> bytes:
    """The training log in the bytes of a captured entry that `declared_in` has read; empty where there is none."""
    return read_zip(raw, _MEMBERS, (STRUCTURE, CONSTANTS)).get(LOG_FILE, b"")


@dataclass(frozen=True)
class Declared:
    """What an entrant says of the training: the records of its log, and its card. Empty where nothing is said."""

    log: list[dict[str, Any]] = field(default_factory=list)
    card: dict[str, Any] = field(default_factory=dict)


def declared_in(raw: bytes) -> Declared:
    """What the bytes of a captured entry, which `unpacked` has read, declare; raises `ProgramError`."""
    held = read_zip(raw, _MEMBERS, (STRUCTURE, CONSTANTS))
    try:
        log = read_records(held[LOG_FILE], f"{LOG_FILE} of the captured entry") if LOG_FILE in held else []
        return Declared(
            log, read_card(held[CARD_FILE], f"{CARD_FILE} of the captured entry") if CARD_FILE in held else {}
        )
    except BundleError as error:
        raise ProgramError(str(error)) from error


def unpacked(raw: bytes) -> Entry:
    """The entry in the bytes of a file; raises `ProgramError`."""
    try:
        held = read_zip(raw, _MEMBERS, (LOG_FILE, CARD_FILE))
        require({STRUCTURE, CONSTANTS} <= set(held), f"it does not hold {STRUCTURE} and {CONSTANTS}")
        return _entry(_decoded(held[STRUCTURE]), _constants(held[CONSTANTS]))
    except ProgramError as error:
        raise ProgramError(f"The captured entry is damaged: {error}. Capture it again.") from error
    except (ValueError, OSError, EOFError) as error:
        raise ProgramError(f"The captured entry is damaged: {printable(error)}. Capture it again.") from error
    except (RuntimeError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
        raise ProgramError("The captured entry is damaged. Capture it again.") from error
    except Exception as error:
        if type(error).__module__.startswith(("zlib", "safetensors")):
            raise ProgramError("The captured entry is damaged. Capture it again.") from error
        raise


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
        members = sorted(safetensors.deserialize(raw), key=lambda member: member[0])  # it gives them in any order
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
    require(
        type(value) is int and leaves - here <= value < leaves, "an operation refers to a value that does not exist"
    )
    return Ref(value if value >= 0 else here + value)
