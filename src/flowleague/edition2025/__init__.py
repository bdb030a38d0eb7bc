"""The contest of 2025: its boards, the place of a new measurement in them (without torch), and its protocol."""

from flowleague.edition2025.class_2025 import CLASS_2025, Column, Row, Standing, read_board, standings

__all__ = ["CLASS_2025", "Column", "Row", "Standing", "read_board", "standings"]
