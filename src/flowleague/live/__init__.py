"""The generator outside of Python: its networks in ONNX, and a page in which they run.

Right of `generator`; knows no judge and no league.
"""

from flowleague.live.export import export, write_export
from flowleague.live.page import SCRIPT, STYLE, live_page, live_piece

__all__ = ["SCRIPT", "STYLE", "export", "live_page", "live_piece", "write_export"]
