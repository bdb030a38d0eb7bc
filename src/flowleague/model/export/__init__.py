"""Packing: a bundle as an entry in the contest's own interface."""

from flowleague.model.export.pack import Packed, pack

__all__ = ["Packed", "pack"]
