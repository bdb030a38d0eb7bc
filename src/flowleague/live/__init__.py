"""The generator outside of Python: its networks in ONNX, and a page in which they run. Without torch.

Right of `generator`; knows no judge and no league.
"""

from flowleague.bundle.arrays import Arrays, arrays_of, parse_arrays, read_arrays
from flowleague.live.export import write_export
from flowleague.live.networks import networks
from flowleague.live.page import MARK, SCRIPT, STYLE, live_page, live_piece

__all__ = [
    "MARK",
    "SCRIPT",
    "STYLE",
    "Arrays",
    "arrays_of",
    "live_page",
    "live_piece",
    "networks",
    "parse_arrays",
    "read_arrays",
    "write_export",
]
