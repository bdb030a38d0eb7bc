"""The operations of programs: a named, versioned set of forward operations of core ATen, one entry each.

Nothing here writes, aliases, or leaves memory uninitialised. To add an operation, add one entry to the file of its
kind.
"""

from flowleague.program.operations import arithmetic, indexing, linear, network, pointwise, reductions, shapes
from flowleague.program.operations.table import TABLE, VERSION, Operation, completed, find, trimmed

_KINDS = (
    arithmetic,
    indexing,
    linear,
    network,
    pointwise,
    reductions,
    shapes,
)  # importing a file enters its operations

__all__ = ["TABLE", "VERSION", "Operation", "completed", "find", "trimmed"]
