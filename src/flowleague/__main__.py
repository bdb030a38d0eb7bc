"""The command ``flowleague`` and ``python -m flowleague``: Ctrl-C is provided for before anything large is imported.

The first Ctrl-C raises `KeyboardInterrupt`, and what runs ends tidily: a checkpoint, a record or a file is whole or not
there. The second one is answered, the third ends the program where it is.
"""

import os
import signal
import sys
from types import FrameType

_STOPPED = 128 + signal.SIGINT  # as a shell says it

_heard = 0


def run() -> None:
    """Run the command line; the console script."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a job in the background ignores it
        signal.signal(signal.SIGINT, _stop)
    try:
        from flowleague.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(_STOPPED)
    except SystemExit:
        if _heard:  # whatever became of the exception on its way
            sys.exit(_STOPPED)
        raise


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    global _heard
    _heard += 1
    if _heard == 1:
        raise KeyboardInterrupt
    if _heard > 2:
        os._exit(_STOPPED)
    os.write(2, b"\nStopping; once more ends it at once.\n")


if __name__ == "__main__":
    run()
