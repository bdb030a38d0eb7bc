"""What one student or one folder handed in, sorted: which file is the entry, which are its weights, what is neither.

Of several files entry.toml says which is the entry; else submission.py or submission.ipynb is, else the only one that
defines SubmissionInterface, else the only notebook, else the only file that can be one. What remains is a question.
Weights keep the name under which the code knows them.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flowleague.archive import MIB
from flowleague.contest.answers import ParcelAnswer, Question
from flowleague.contest.contents import CODE, Contents, Held, Row, kind_of
from flowleague.contest.entry_files import ADVICE, ODD, is_plain
from flowleague.contest.statement import STATEMENT, Statement, read_statement
from flowleague.errors import printable
from flowleague.files import read_regular

_INTERFACE = re.compile(rb"class\s+SubmissionInterface\b")
_AGAIN = re.compile(r"-\d+(?=(\.[^.]+)?$)")  # Canvas adds -1, -2 to the name of a file that is sent again
_PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".h5", ".npz", ".npy")
_PACKED = (".rar", ".7z", ".gz", ".tgz", ".tar", ".bz2", ".xz")
_SHORTCUTS = (".url", ".webloc", ".lnk", ".desktop", ".gdoc", ".gsheet")
_TYPED = {
    "link.html": "a link typed into Canvas, which may change and is not opened; ask for the file itself",
    "text.html": "text typed into Canvas in place of a file; ask for the file",
}


@dataclass
class Sorted:
    """The files of a parcel: the entry, its weights and log by the names under which they are kept, and all rows.

    `candidates` are the files that can be the entry.
    `statement` is what an entry.toml among them says.
    """

    entry: Held | None = None
    candidates: list[Held] = field(default_factory=list)
    weights: dict[str, Path] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    statement: Statement = field(default_factory=Statement)

    @property
    def is_ready(self) -> bool:
        """Whether there is an entry, and nothing that may belong to it is in question."""
        return self.entry is not None and not any(row.blocks for row in self.rows)


def sort_out(key: str, found: Contents, answer: ParcelAnswer) -> Sorted:
    """Sort what a student or a folder, of this id or name, handed in."""
    result = Sorted(rows=list(found.rows))
    files, complete = _without_copies(found.files, result), _without_copies(found.complete, result)
    result.statement = _statement_of(files, result)
    candidates = result.candidates = [*(each for each in files if kind_of(each.name) == "code"), *complete]
    result.entry = _choose(key, candidates, complete, answer, result)
    taken = {each.name for each in _keep_weights(files, complete, result)}
    for each in [*files, *complete]:
        if each is not result.entry and each.name not in taken and PurePosixPath(each.name).name != STATEMENT:
            result.rows.append(_left(each, each in candidates, result))
    return result


def _without_copies(held: Iterable[Held], result: Sorted) -> list[Held]:
    """The files but for those with the content of another, as when a file lies in a zip and beside it."""
    kept: dict[str, Held] = {}
    for each in held:
        with each.file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest() + kind_of(_own(each))
        if digest in kept and kind_of(_own(each)):
            result.rows.append(Row(each.name, why=f"the same as {kept[digest].name}"))
        else:
            kept[digest if kind_of(_own(each)) else each.name] = each
    return list(kept.values())


def _statement_of(files: Iterable[Held], result: Sorted) -> Statement:
    """What an entry.toml says."""
    said = Statement()
    for each in files:
        if PurePosixPath(_own(each)).name == STATEMENT:
            try:
                said = read_statement(read_regular(each.file, MIB))
                result.rows.append(Row(each.name, "what the team says"))
            except (OSError, ValueError) as error:
                why = f"it cannot be read ({printable(error)})"
                result.rows.append(Row(each.name, why=why, asks=True, blocks=True))
    return said


def _own(held: Held) -> str:
    """The name that a file had before it was sent again."""
    return _AGAIN.sub("", held.name) if held.again else held.name


def _choose(
    key: str, candidates: list[Held], complete: list[Held], answer: ParcelAnswer, result: Sorted
) -> Held | None:
    """The file that is the entry; where that is a question, it is asked."""
    wanted = answer.entry or result.statement.file
    named = [each for each in candidates if wanted and wanted in (each.name, PurePosixPath(_own(each)).name)]
    usual = [each for each in candidates if PurePosixPath(_own(each)).stem.lower() == "submission"]
    notebooks = [each for each in candidates if each.name.lower().endswith(".ipynb") and not complete]
    holding = [each for each in candidates if not complete and _INTERFACE.search(read_regular(each.file, 48 * MIB))]
    for choice in (named,) if wanted else (candidates, usual or holding or notebooks):
        if len(choice) == 1:
            result.rows.append(Row(choice[0].name, "entry"))
            return choice[0]
    if candidates:
        names = " or ".join(f'"{printable(each.name, 80)}"' for each in candidates)
        words = (
            f"Which is the entry: {names}? What is named is not there." if wanted else f"Which is the entry: {names}?"
        )
        result.questions.append(Question("parcels", key, words, "entry"))
    return None


def _keep_weights(files: Sequence[Held], complete: Sequence[Held], result: Sorted) -> list[Held]:
    """Note the entry's weights and its log under the names by which the code knows them; returns their files."""
    if result.entry is None or result.entry in complete:
        return []
    code = read_regular(result.entry.file, 16 * MIB).decode(errors="replace")
    stem = PurePosixPath(_own(result.entry)).stem
    logs = [each for each in files if kind_of(_own(each)) == "log"]
    mine = [each for each in logs if PurePosixPath(_own(each)).name.startswith(f"{stem}.")]
    logs = mine if len(mine) == 1 else logs
    handled = []
    for each in [*(each for each in files if kind_of(each.name) == "weights"), *logs]:
        name, log = _known_as(each, code, files), each in logs
        why = ""
        if name in result.weights or (log and len(logs) > 1):
            why = "there are several training logs" if log else f"another file is called {name}"
        elif not is_plain(name):
            why = f"its name holds {ODD}"
        if not why:
            result.weights[name] = each.file
        kept = "" if name == PurePosixPath(each.name).name else f"kept as {name}, as the code names it"
        result.rows.append(
            Row(each.name, "" if why else "training log" if log else "weights", why or kept, *2 * [why != ""])
        )
        handled.append(each)
    return handled


def _known_as(held: Held, code: str, files: Sequence[Held]) -> str:
    """The name of a weight file for its entry: without Canvas's number only where the code says so."""
    name, own = PurePosixPath(held.name).name, PurePosixPath(_own(held)).name
    if kind_of(own) == "log":
        return own
    others = {PurePosixPath(each.name).name for each in files}
    return own if own in code and name not in code and own not in others else name


def _left(held: Held, candidate: bool, result: Sorted) -> Row:
    """Why a file is neither entry nor weights, and whether somebody must see to it."""
    ending, needed = PurePosixPath(held.name).suffix.lower(), not result.weights
    if candidate and result.entry is None:
        return Row(held.name, why="which file is the entry?", asks=True, blocks=True)
    if candidate or ending in CODE:
        return Row(held.name, why="an attachment: another file is the entry")
    if ending == ".safetensors" or kind_of(held.name) == "log":
        inside = result.entry is not None
        return Row(
            held.name, why="the entry has its weights inside" if inside else "no entry to go with", asks=not inside
        )
    if held.name in _TYPED:
        return Row(held.name, why=_TYPED[held.name], asks=True)
    if ending in _PICKLES:
        return Row(held.name, why=ADVICE.rstrip("."), asks=needed)
    if ending in _SHORTCUTS:
        return Row(held.name, why="a shortcut to something elsewhere; ask for the file itself", asks=True)
    if ending in _PACKED:
        return Row(
            held.name, why="it is not unpacked here; unpack it and take in its files, or ask for a .zip", asks=True
        )
    return Row(held.name, why="an attachment, which is not measured")
