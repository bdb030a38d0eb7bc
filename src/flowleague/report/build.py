"""Make the report's folder. What was computed is kept as data, so that new words cost a second and not a minute.

    index.html, report.css   the page            report.ipynb   the notebook
    report.md                for a README        words.md       the author's own words
    live.html   the model, running               report.json    all that the three arrangements say
    pictures/

Every file is written whole or not at all, pages last: a run that is killed leaves the old report or the new one.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flowleague import live
from flowleague.errors import JudgeError
from flowleague.files import write_atomically
from flowleague.judge.evidence import FULL, QUICK, RealDigits, load_real, see
from flowleague.judge.judges import Judge, load_judges
from flowleague.judge.measure import Progress
from flowleague.pages import check_is_ours
from flowleague.program.container import is_captured
from flowleague.report import analysis, arrange, content, words
from flowleague.report.captured import Captured, analyse_captured, open_captured_subject
from flowleague.report.content import FORMAT, Content, Gallery
from flowleague.report.missing import Missing
from flowleague.report.scorecards import FILE, scorecard_of
from flowleague.report.sections import captured_sections, sections
from flowleague.report.subject import Subject, name_of, open_subject
from flowleague.scorecard.card import Scorecard, to_json

MARK = "flowleague-report/"  # stands in every file that the command writes over, but one
PAGES = ("index.html", "report.css", "report.md", "report.ipynb", "report.json")
_WRITTEN = {"live.html": live.MARK, **dict.fromkeys(PAGES, MARK)}


@dataclass(frozen=True)
class Wanted:
    """What to make a report of, and where: the command's words."""

    bundle: Path
    out: Path
    name: str | None = None
    scorecard: Path | None = None  # must be this bundle's
    beside: Path | None = None  # taken when it is this bundle's
    judges: str | None = None
    data: Path | None = None
    dry_run: bool = False


def build(wanted: Wanted, tell: Progress) -> Content:
    """Make the report, or only arrange it again when nothing but the author's words has changed.

    Raises `OutputError` when the folder holds something else or cannot be written, and what opening the bundle, the
    digits, the judges and a given scorecard raises.
    """
    check_is_ours(wanted.out, _WRITTEN, "flowleague report")
    own_words = words.read(wanted.out)
    plan = QUICK if wanted.dry_run else FULL
    with _opened(wanted.bundle, wanted.name) as subject:
        digits = load_real(subject.dataset, plan, wanted.data)
        judges, card = _judges_of(wanted, subject), Missing(_no_judges(subject))
        if judges:
            places = [*([wanted.beside] if wanted.beside else []), wanted.out / FILE]
            card = scorecard_of(subject, digits, judges, wanted.scorecard, places, tell)
        key = _key_of(subject, judges, card, plan.name, digits)
        made = kept(wanted.out, key) or compute(subject, digits, judges, card, key, wanted, tell)
    words.offer(wanted.out)
    _arrange_into(wanted.out, made, own_words)
    return made


@contextmanager
def _opened(path: Path, name: str | None) -> Iterator[Subject | Captured]:
    """A bundle or captured entry, until the context ends."""
    if path.is_file() and is_captured(path):
        with open_captured_subject(path, name_of(path, name)) as subject:
            yield subject
    else:
        yield open_subject(path, name)


def _judges_of(wanted: Wanted, subject: Subject | Captured) -> Sequence[Judge]:
    """The judges that were named, or those of the digits; none when there are none for them."""
    if wanted.judges:
        return load_judges(wanted.judges)
    try:
        return load_judges(subject.dataset)
    except JudgeError:
        return ()


def _no_judges(subject: Subject | Captured) -> str:
    """The note for a report that nobody judged."""
    return (
        f"There are no judges for the digits '{Path(subject.dataset).name}', so the six categories are "
        "not measured: train some with `flowleague judges train`, and name their folder with `--judges`."
    )


def _key_of(
    subject: Subject | Captured, judges: Sequence[Judge], card: Scorecard | Missing, plan: str, digits: RealDigits
) -> str:
    """A hash of all that the content depends on, scikit-learn's presence among it: without it a picture is missing."""
    measured = hashlib.sha256(to_json(card)).hexdigest() if isinstance(card, Scorecard) else str(card)
    parts = [FORMAT, version("flowleague"), subject.name, subject.sha256, measured, plan, digits.sha256]
    parts += [[judge.sha256 for judge in judges], find_spec("sklearn") is not None]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def kept(out: Path, key: str) -> Content | None:
    """The content that an earlier run left, when it was made from the same and all its files are there."""
    old = _read_content(out)
    if old is None or old.key != key:
        return None
    try:
        whole = all(hashlib.sha256((out / n).read_bytes()).hexdigest() == digest for n, digest in old.files.items())
    except OSError:
        return None
    return old if whole else None


def _read_content(out: Path) -> Content | None:
    """What an earlier run left, if it can be read."""
    try:
        return content.from_json((out / "report.json").read_bytes())
    except OSError:
        return None


def compute(
    subject: Subject | Captured,
    digits: RealDigits,
    judges: Sequence[Judge],
    card: Scorecard | Missing,
    key: str,
    wanted: Wanted,
    tell: Progress,
) -> Content:
    """Analyse the model, make all pictures and the live page, write these and report.json, and remove what is gone."""
    sizes = analysis.QUICK if wanted.dry_run else analysis.FULL
    tell("reading real digits", 0.0)
    seen, gallery = see(judges, digits) if judges else [], Gallery()
    if isinstance(subject, Captured):
        found = analyse_captured(subject, digits, seen, card, sizes, tell)
    else:
        found = analysis.analyse(subject, digits, seen, card, sizes, tell)
    tell("drawing", 0.95)
    made = Content(
        format=FORMAT,
        key=key,
        name=subject.name,
        about=subject.about,
        sections=(
            captured_sections(subject, found, gallery)
            if isinstance(subject, Captured)
            else sections(subject, found, gallery)
        ),
        files=gallery.hashes(),
    )
    old = _read_content(wanted.out)
    for name, raw in gallery.files.items():
        write_atomically(wanted.out / name, raw)
    write_atomically(wanted.out / "report.json", content.to_json(made))
    for name in set(old.files if old else ()) - set(made.files):
        if Path(name).parent == Path(content.FOLDER) or name in _WRITTEN:
            (wanted.out / name).unlink(missing_ok=True)
    tell("done", 1.0)
    return made


def _arrange_into(out: Path, made: Content, own_words: dict[str, str]) -> None:
    """Write the three arrangements, the page last."""
    files = {
        "report.css": arrange.style(),
        "report.md": arrange.markdown(made, own_words),
        "report.ipynb": arrange.notebook(made, own_words, out),
        "index.html": arrange.page(made, own_words),
    }
    for name, text in files.items():
        write_atomically(out / name, text.encode())
