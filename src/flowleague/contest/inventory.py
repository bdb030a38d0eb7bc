"""The inventory of what was handed over: whose every file is, and what it would be taken as. Nothing is recorded here.

A download from Canvas is sorted by user, whatever is in it; a plain folder has a sub-folder for each team, or single
files. One folder around all of it is looked through.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flowleague.bundle.files import LIMITS as BUNDLE_FILES
from flowleague.contest.answers import Answers, ParcelAnswer, Question
from flowleague.contest.canvas import Reading, readings, settle
from flowleague.contest.contents import Contents, Held, Row, as_bundle, contents_of, kind_of
from flowleague.contest.download import CLOSED, Piece, is_left_behind, without_folder_around
from flowleague.contest.parcels import Sorted, sort_out
from flowleague.errors import printable
from flowleague.text import listed


@dataclass
class Lot:
    """What one student, folder or single file amounts to.

    key      the Canvas user id (letters where grading is anonymous), or the folder or file
    reading  how Canvas names it; None outside of Canvas's downloads
    late     whether Canvas, or an answer, says so; None where the time decides
    problem  why it is not taken, beside what its rows say
    note     what is to be known of it
    """

    key: str
    sorted: Sorted
    answer: ParcelAnswer
    reading: Reading | None = None
    late: bool | None = None
    problem: str = ""
    note: str = ""

    @property
    def is_by_canvas(self) -> bool:
        """Whether it is Canvas that says whether this is late."""
        return self.late is not None and self.answer.late is None


@dataclass
class Stock:
    """All lots, and the files that are nobody's or of which it is not clear whose they are."""

    lots: list[Lot] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def take_stock(pieces: Sequence[Piece], place: Path, largest: int, answers: Answers) -> Stock:
    """The inventory of all files; zips are opened below `place`, with at most `largest` bytes in each."""
    left = [Row(str(piece.path), why="a system made it for itself") for piece in pieces if is_left_behind(piece.path)]
    pieces = [piece for piece in pieces if not is_left_behind(piece.path)]
    inner, stock = without_folder_around(pieces), Stock(others=left)
    for around in (pieces, inner):
        if any(readings(name) for name in _by_top(around)):
            _sort_by_student(around, place, largest, answers, stock)
            return stock
    _sort_by_folder(inner if _holds_teams(inner) else _in_one_folder(pieces), place, largest, answers, stock)
    return stock


def _by_top(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    """The files by the name at the top: their own, or that of their folder."""
    tops = defaultdict[str, list[Piece]](list)
    for piece in pieces:
        tops[piece.path.parts[0]].append(piece)
    return dict(tops)


def _in_one_folder(pieces: Sequence[Piece]) -> list[Piece]:
    """The files with one folder around them at most, the innermost."""
    pieces = list(pieces)
    while pieces and all(piece.path.parts[:-2] for piece in pieces) and _share(pieces, 2):
        pieces = [piece.below(piece.path.parts[0]) for piece in pieces]
    return pieces


def _share(pieces: Sequence[Piece], parts: int) -> bool:
    """Whether all paths begin alike."""
    return len({piece.path.parts[:parts] for piece in pieces}) == 1


def _holds_teams(inner: Sequence[Piece]) -> bool:
    """Whether what one folder holds is a folder for each of several teams, rather than one team's files."""
    return len(_by_top(inner)) > 1 and all(len(piece.path.parts) > 1 for piece in inner)


def _sort_by_student(pieces: Sequence[Piece], place: Path, largest: int, answers: Answers, stock: Stock) -> None:
    tops = _by_top(pieces)
    settled = _settled([name for name in tops if not answers.file(name).leave], answers)
    users, waiting = defaultdict[str, list[tuple[str, Reading]]](list), defaultdict[str, list[str]](list)
    for name, held in tops.items():
        ways, told = settled.get(name, []), answers.file(name)
        if told.leave:
            stock.others += [Row(str(piece.path), why="left, as the answers say") for piece in held]
        elif len(ways) == 1:
            users[ways[0].user].append((name, ways[0]))
        elif ways:
            _ask_whose(name, ways, stock)
            for way in ways:
                waiting[way.user].append(name)
        elif told.student:
            users[told.student].append((name, Reading(told.student, "", False, "", name)))
        else:
            _ask_stray(name, held, stock)
    for user, named in sorted(users.items(), key=lambda each: (len(each[0]), each[0])):
        stock.lots.append(_lot_of(user, named, tops, place, largest, answers.parcel(user)))
        if user in waiting:
            stock.lots[-1].problem = f"It waits until it is known whose {listed(waiting[user], 3)} is."


def _settled(names: Sequence[str], answers: Answers) -> dict[str, list[Reading]]:
    """The readings that are left of all names. An answer about one name holds for others with the same choice."""
    known = dict.fromkeys(names, answers.roster) if answers.roster else {}
    known |= {name: (answers.file(name).student,) for name in names if answers.file(name).student}
    told = {_people(readings(name)): answers.file(name).student for name in names if answers.file(name).student}
    left = settle(names, known)
    alike = {name: (told[_people(ways)],) for name, ways in left.items() if len(ways) > 1 and _people(ways) in told}
    return settle(names, known | alike) if alike else left


def _people(ways: Sequence[Reading]) -> frozenset[tuple[str, str]]:
    """Whose a file may be."""
    return frozenset((way.user, way.name) for way in ways)


def _lot_of(
    user: str, named: list[tuple[str, Reading]], tops: Mapping[str, list[Piece]], place: Path, largest: int,
    answer: ParcelAnswer,
) -> Lot:  # fmt: skip
    held = []
    for name, reading in named:
        for piece in tops[name]:
            inner = PurePosixPath(reading.file, *piece.path.parts[1:])
            held.append(Held(str(inner), piece, again=len(piece.path.parts) == 1 and bool(reading.file_id)))
    found = _left_alone(held) if answer.leave else contents_of(held, place, largest)
    said = [reading for _, reading in named if reading.name or reading.anonymous or reading.file_id]
    lot = Lot(user, sort_out(user, found, answer), answer, (said or [named[0][1]])[0])
    late = {reading.late for reading in said}
    lot.late = answer.late if answer.late is not None else late == {True} if late else None
    if len(late) > 1 and answer.late is None:
        lot.problem = "Canvas names some of the files late and others not: are two downloads mixed?"
        lot.sorted.questions.append(Question("parcels", user, lot.problem, "late", "true or false"))
    return lot


def _left_alone(held: Iterable[Held]) -> Contents:
    return Contents(rows=[Row(each.name, why="left, as the answers say") for each in held])


def _ask_whose(name: str, ways: Sequence[Reading], stock: Stock) -> None:
    """Ask whose a file is whose name can be read in several ways; once where several have the same choice."""
    users = [way.user for way in ways]
    stock.others.append(Row(name, why=f"whose is it? The user may be {' or '.join(users)}", asks=True))
    asked = [_people(readings(question.key)) for question in stock.questions]
    if _people(ways) not in asked:
        choices = " or ".join(f'"{way.user}" ({printable(way.name or "anonymous", 60)})' for way in ways)
        stock.questions.append(Question("files", name, f"Which user's is it: {choices}? Or: leave = true", "student"))


def _ask_stray(name: str, held: Sequence[Piece], stock: Stock) -> None:
    """Files among Canvas's whose name Canvas did not make."""
    asks = any(kind_of(str(piece.path)) for piece in held)
    stock.others += [Row(str(piece.path), why="its name is none of Canvas's", asks=asks) for piece in held]
    if asks:
        words = "Canvas did not make this name. Which user's is it? Or: leave = true"
        stock.questions.append(Question("files", name, words, "student"))


def _sort_by_folder(pieces: Sequence[Piece], place: Path, largest: int, answers: Answers, stock: Stock) -> None:
    tops = _by_top(pieces)
    for name in [name for name in tops if answers.parcel(name).apart]:
        tops |= _by_top(piece.below(name) for piece in tops.pop(name))
    folders = {name: held for name, held in tops.items() if any(len(piece.path.parts) > 1 for piece in held)}
    single = [held[0] for name, held in sorted(tops.items()) if name not in folders]
    entries = [piece for piece in single if kind_of(str(piece.path)) in ("code", "zip")]
    for name, held in sorted(folders.items()):
        inner = [piece.below(name) for piece in held]
        stock.lots.append(_lot_of_folder(name, inner, place, largest, answers.parcel(name)))
        if len(folders) == 1 and not entries:
            _ask_whether_a_class(stock.lots[-1])
    beside = [piece for piece in single if piece not in entries]
    for piece in entries:
        mine = [piece, *(beside if len(entries) == 1 else ())]
        name = piece.path.stem
        stock.lots.append(_lot_of_folder(name, mine, place, largest, answers.parcel(name)))
    if len(entries) != 1:
        for piece in beside:
            asks = piece.problem == CLOSED or kind_of(str(piece.path)) != ""
            why = (
                "whose is it? Put each team's files into a folder of its own"
                if asks
                else "an attachment, which is not measured"
            )
            stock.others.append(Row(str(piece.path), why=piece.problem or why, asks=asks))


def _lot_of_folder(name: str, pieces: Sequence[Piece], place: Path, largest: int, answer: ParcelAnswer) -> Lot:
    pieces = without_folder_around(pieces) if len(pieces) > 1 else list(pieces)
    held = [Held(str(piece.path), piece) for piece in pieces]
    if answer.leave:
        return Lot(name, sort_out(name, _left_alone(held), answer), answer)
    bundle = {str(piece.path): piece.file for piece in pieces if piece.file and str(piece.path) in BUNDLE_FILES}
    if len(bundle) < len(BUNDLE_FILES):
        found = contents_of(held, place, largest)
    else:
        found = contents_of([each for each in held if each.name not in BUNDLE_FILES], place, largest)
        found.complete.append(Held(name, Piece(PurePosixPath(name), as_bundle(bundle, place))))
    return Lot(name, sort_out(name, found, answer), answer)


def _ask_whether_a_class(lot: Lot) -> None:
    """Ask whose the files in the only folder are, where several can be entries and nothing says that one is."""
    told = lot.answer.apart is not None or lot.answer.entry or lot.answer.leave or lot.sorted.statement.file
    entry = lot.sorted.entry
    usual = entry is not None and PurePosixPath(entry.name).stem.lower() == "submission"
    if len(lot.sorted.candidates) > 1 and not usual and not told:
        lot.problem = "Are these one team's files, or is each a team's own?"
        lot.sorted.questions.append(Question("parcels", lot.key, lot.problem, "apart", "true or false"))
