"""The generator outside of Python: its programs in ONNX, and a page in which they run. Without torch.

networks  a bundle's networks as programs       page     a piece of HTML for any page, and a page of its own
entry     programs as the page runs them        export   programs as files of ONNX, written by `onnx`
reading   the judge that reads along there
"""

from flowleague.live.export import in_onnx, write_export
from flowleague.live.page import MARK, STYLE, live_page, live_piece, parameters, script

__all__ = ["MARK", "STYLE", "in_onnx", "live_page", "live_piece", "parameters", "script", "write_export"]
