"""Packing: a bundle as an entry in the contest's own interface."""

from flowleague.packing.pack import Packed, pack

__all__ = ["Packed", "pack"]
