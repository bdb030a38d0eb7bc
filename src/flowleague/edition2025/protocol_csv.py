"""The result file of the 2025 contest: a CSV with one row per submission."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from flowleague.edition2025.protocol import OfficialRow
from flowleague.errors import OutputError
from flowleague.files import write_atomically
from flowleague.text import cell

HEADER = ["team", "time_stamp", "latent_shape", "total_params", "time_per_sample"]
HEADER += ["mse", "ssim", "entropy", "kl_div_classes", "gen_confidence"]


def append_row(path: Path, team: str, row: OfficialRow, latent: Sequence[int], now: datetime | None = None) -> None:
    """Append a row to a result file, which is created if it does not exist; `latent` is the shape of one latent.

    Additional columns stay, empty in the new row (the board computes the overall rank). No private name is written.
    Raises `OutputError` if the file cannot be read or lacks a column of the contest.
    """
    old = _read(path)
    header = next(csv.reader(io.StringIO(old)), HEADER) if old else HEADER
    missing = [name for name in HEADER if name not in header]
    if missing:
        raise OutputError(f"{path} is not a result file of the contest: it has no column '{missing[0]}'; name another.")
    values = {name: _text(value) for name, value in asdict(row).items()}
    values |= {
        "team": cell(team),
        "time_stamp": f"{now or datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "latent_shape": "x".join(str(size) for size in latent if size > 1) or "1",
        "total_params": _text(row.total_params).removesuffix(".0"),
    }
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\n")
    if not old:
        writer.writeheader()
    elif not old.endswith("\n"):
        buffer.write("\n")
    writer.writerow(values)
    write_atomically(path, (old + buffer.getvalue()).encode())


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read ({error}); name another file with --csv.") from error
