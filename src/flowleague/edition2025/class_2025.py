"""The board of 2025: seven columns, and the place that a value would take in each.

A place is 1 + the number of strictly better entries (rank method "min"). Only three columns are comparable
(`Column.comparable`); the others depend on the judge and the clock of 2025.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

FILE = "class_2025.csv"


@dataclass(frozen=True)
class Column:
    """A column of the official board: the better direction, and whether its values compare with ours."""

    name: str
    better: Literal["lower", "higher"]
    comparable: bool


CLASS_2025 = (
    Column("total_params", "lower", True),
    Column("time_per_sample", "lower", False),
    Column("mse", "lower", True),
    Column("ssim", "higher", True),
    Column("entropy", "lower", False),
    Column("kl_div_classes", "lower", False),
    Column("gen_confidence", "higher", False),
)


@dataclass(frozen=True)
class Row:
    """An entry of the board: team, board ("class" or "open"), latent shape, its seven values, the overall rank."""

    team: str
    board: str
    time_stamp: str
    latent_shape: str
    values: dict[str, float]
    overall_rank: float


@dataclass(frozen=True)
class Standing:
    """The place of a value in one column, `of` how many entries with the new one, and the best value of the board."""

    column: Column
    value: float
    place: int
    of: int
    best: float
    best_team: str


def read_board(board: Literal["class", "open"] = "class") -> list[Row]:
    """The rows of one board of 2025, as published."""
    text = resources.files("flowleague.edition2025").joinpath(FILE).read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["board"] == board]
    return [
        Row(
            row["team"],
            board,
            row["time_stamp"],
            row["latent_shape"],
            {column.name: float(row[column.name]) for column in CLASS_2025},
            float(row["overall_rank"]),
        )
        for row in rows
    ]


def standings(values: Mapping[str, float], rows: Sequence[Row] | None = None) -> list[Standing]:
    """The places of values, by column name, among `rows` (default: the class of 2025), in the board's order of columns.

    NaN ranks last. Raises `KeyError` for a column that the board does not have.

    >>> [(s.column.name, s.place, s.of) for s in standings({"mse": 0.004, "ssim": 0.93})]
    [('mse', 1, 9), ('ssim', 3, 9)]
    """
    rows = read_board() if rows is None else rows
    columns = {column.name: column for column in CLASS_2025}
    for name in values:
        columns[name]
    return [_standing(column, values[column.name], rows) for column in CLASS_2025 if column.name in values]


def _standing(column: Column, value: float, rows: Sequence[Row]) -> Standing:
    sign = 1 if column.better == "lower" else -1

    def cost(x: float) -> float:
        return math.inf if math.isnan(x) else sign * x

    best = min(rows, key=lambda row: cost(row.values[column.name]))
    place = 1 + sum(cost(row.values[column.name]) < cost(value) for row in rows)
    if math.isnan(value):
        place = len(rows) + 1
    return Standing(column, value, place, len(rows) + 1, best.values[column.name], best.team)
