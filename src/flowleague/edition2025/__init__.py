"""The boards of past contests, and where a new measurement would stand in them. Without torch."""

from flowleague.edition2025.class_2025 import CLASS_2025, Column, Row, Standing, read_board, standings

__all__ = ["CLASS_2025", "Column", "Row", "Standing", "read_board", "standings"]
