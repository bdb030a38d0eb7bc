"""Capture of a built submission as three programs, in this process, when it has seen no image that matters.

The package `flowleague.program` is seen here under paths of its own; an entry could not import it while it was loaded.
"""

import sys
from typing import Any


def programs(submission: Any, images: Any, paths: list[str], seconds: float) -> bytes | str:
    """The captured entry's file, or the sentence why there is none; `images` are training images (N, 1, 28, 28)."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("flowleague", "msgspec")]:
        del sys.modules[name]  # stubs that the entry imported
    sys.path[:0] = paths
    from flowleague.program.capturing.compiler import without_compiler
    from flowleague.program.capturing.entry import BATCH, record
    from flowleague.program.capturing.errors import CaptureError
    from flowleague.program.capturing.interface import functions_of
    from flowleague.program.container import packed

    without_compiler()
    try:
        batch = min(BATCH, len(images) // 10 * 10)
        made = functions_of(submission)
        encode, decode, generate = made["encode"], made["decode"], made["generate"]
        return packed(
            record(encode=encode, decode=decode, generate=generate, images=images, batch=batch, seconds=seconds)[1]
        )
    except CaptureError as error:
        return str(error)
