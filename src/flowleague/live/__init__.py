"""The generator outside of Python: its networks in ONNX, and a page in which they run. Without torch.

onnx     the three networks                    page     a piece of HTML for any page, and a page of its own
program  a network as the page runs it         export   the networks as files
"""

from flowleague.live.export import write_export
from flowleague.live.onnx import networks
from flowleague.live.page import MARK, SCRIPT, STYLE, live_page, live_piece, parameters

__all__ = ["MARK", "SCRIPT", "STYLE", "live_page", "live_piece", "networks", "parameters", "write_export"]
