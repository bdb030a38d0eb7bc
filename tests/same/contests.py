"""Golden files of a contest: what the golden one verifies as, how it ranks, what is exported, and its board."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.same.content import Content
from tests.same.training import INPUTS

from flowleague.board.build import build
from flowleague.contest.exports import to_canvas, to_csv, to_json, to_markdown
from flowleague.contest.folder import Contest, open_contest
from flowleague.contest.records import read_records
from flowleague.contest.rescore import changes
from flowleague.contest.standing import board_of, open_entries, panel_of, standing_of
from flowleague.contest.verify import verify
from flowleague.edition2025.compare import alternatives
from flowleague.ranking.explain import explain
from flowleague.ranking.sensitivity import sensitivity

NUMBER = re.compile(r"[-\u2212]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")
LIVE = re.compile(r'(class="live-data">)(.*?)(</script>)', re.DOTALL)


@contextmanager
def golden_contest() -> Iterator[Path]:
    """The golden contest's folder, as a copy."""
    with tempfile.TemporaryDirectory() as place:
        shutil.unpack_archive(INPUTS / "contest.zip", place)
        yield Path(place)


def contest() -> dict[str, Content]:
    """What the records say, who stands where, and why."""
    with golden_contest() as folder:
        records, opened, report = read_records(folder), open_contest(folder), verify(folder)
        board = board_of(opened)
        canvas, unknown = to_canvas(board)
        named = {
            "verify": asdict(report),
            "kinds": " ".join(record.kind for record in records),
            "state": state_in_words(opened),
            "ranks": {row.entry.id: [row.category_places, row.metric_ranks] for row in board.standings.rows},
            "certainties": {id_: asdict(sure) for id_, sure in board.certainties.items()},
            "changes": asdict(changes(opened, 1, 2)),
            "sensitivity": [asdict(change) for change in sensitivity(board.standings, alternatives())],
            "first round": asdict(standing_of(opened, 1)),
            "panel": [entry.id for entry in panel_of(opened)],
            "open": [entry.id for entry in open_entries(opened)],
            "unknown to Canvas": unknown,
        }
        said = {
            row.entry.team: [
                " ".join(numbers_in(text))
                for text in explain(board.standings, row.entry.team, board.certainties).sentences
            ]
            for row in board.standings.ranked
        }
        files = {"contest.csv": to_csv(board), "contest-export.json": to_json(board), "contest.md": to_markdown(board)}
    texts = {name: json.dumps(value, indent=1) for name, value in (("contest.json", named), ("explain.json", said))}
    return {**files, **texts, "canvas.csv": canvas}


def state_in_words(opened: Contest) -> dict:
    """What the records amount to."""
    state = opened.state
    return {
        "teams": {key: asdict(team) for key, team in state.teams.items()},
        "counting": {team: entry.id for team, entry in state.counting().items()},
        "late": [entry.id for entry in state.submissions.values() if entry.late],
        "withdrawn": sorted(state.withdrawn),
        "disqualified": state.disqualified,
        "finals": state.finals,
        "rounds": [state.rounds, state.round, state.settled()],
    }


def numbers_in(text: str) -> list[str]:
    """The numbers in a sentence, with a plain sign: its words and its typography may change."""
    return [number.replace("\u2212", "-") for number in NUMBER.findall(text)]


def board() -> dict[str, Content]:
    """The pages as they are, but for the data of live generators, and hashes of the pictures; no styles, no scripts."""
    with golden_contest() as folder, tempfile.TemporaryDirectory() as place:
        out = Path(place) / "site"
        build(folder, out)
        files = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()}
        pages: dict[str, Content] = {
            f"board/{name}": page(path) for name, path in files.items() if name.endswith((".html", "figures.js"))
        }
        hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if is_data(name)}
    return pages | {"board/files.json": json.dumps({"all": list(files), "sha256": hashes}, indent=1)}


def is_data(name: str) -> bool:
    """Whether a file of a site holds what was measured; pictures that the build draws depend on who packs them."""
    return name.endswith((".png", ".csv", ".json")) and not name.endswith(("-strip.png", "card.png"))


def page(path: Path) -> str:
    """A page, the data of its live generator as a hash."""
    return LIVE.sub(lambda found: found[1] + hashlib.sha256(found[2].encode()).hexdigest() + found[3], path.read_text())
