"""The board of 2025 in a contest's folder, and ranked again by its own scheme.

It is shown beside a contest's places, never among them: judge, clock and comparison set differ.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from flowleague.contest.chain import Record, read_records
from flowleague.contest.records import writing
from flowleague.contest.toml import RulesError, read_text
from flowleague.edition2025 import CLASS_2025, Row, read_board
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rules import CategoryRule, MetricRule

NAME = "class-2025"
FILE = f"history/{NAME}.json"
COLUMNS = (CategoryRule(NAME, tuple(MetricRule(column.name, column.better) for column in CLASS_2025)),)
NOT_COMPARABLE = (
    "Not comparable with this contest: the judge of 2025 read the class's samples in training mode, against another "
    "random choice of test images in each run, and its seconds are those of its machine. total_params, mse and ssim "
    "are the exceptions."
)


def import_history(folder: Path) -> tuple[Record, bool]:
    """Add the board of 2025 to a contest's folder, once, with a record; true if it was not there yet."""
    with writing(folder) as writer:
        for record in read_records(folder):
            if record.kind == "history" and FILE in record.files:
                return record, False
        body = {"name": NAME, "comparable": False, "why": NOT_COMPARABLE}
        return writer.append("history", body, {FILE: board_json()}), True


def board_json() -> bytes:
    """The published rows of both boards as JSON, with the reason why they do not compare; infinite values are null."""
    columns = [{"name": c.name, "better": c.better, "comparable": c.comparable} for c in CLASS_2025]
    rows = [
        {
            "team": row.team,
            "board": row.board,
            "time_stamp": row.time_stamp,
            "latent_shape": row.latent_shape,
            "values": {name: value if math.isfinite(value) else None for name, value in row.values.items()},
            "overall_rank": row.overall_rank,
        }
        for board in ("class", "open")
        for row in read_board(board)
    ]
    content = {"name": NAME, "comparable": False, "why": NOT_COMPARABLE, "scheme": "columns", "columns": columns}
    return (json.dumps(content | {"rows": rows}, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_history(folder: Path) -> list[Row]:
    """The rows that `import_history` added; raises `RulesError` if they are missing or altered."""
    text = read_text(folder / FILE) if (folder / FILE).exists() else ""
    if not text:
        raise RulesError(f"{folder} holds no {FILE}; `flowleague contest import-history` writes it.")
    try:
        return [_row(row) for row in json.loads(text)["rows"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RulesError(f"{folder / FILE} was altered ({error!r}); git holds it as it was.") from error


def _row(row: dict) -> Row:
    values = {name: math.inf if value is None else float(value) for name, value in row["values"].items()}
    return Row(row["team"], row["board"], row["time_stamp"], row["latent_shape"], values, row["overall_rank"])


def past_entries(rows: Sequence[Row], board: Literal["class", "open"] = "class") -> list[Entry]:
    """The rows of one board as entries, to rank with `COLUMNS` by the scheme "columns"; infinite values are invalid."""
    return [
        Entry(
            id=f"{NAME}/{row.team}",
            team=row.team,
            metrics={
                f"{NAME}.{name}": Measured(value if math.isfinite(value) else None)
                for name, value in row.values.items()
            },
        )
        for row in rows
        if row.board == board
    ]
