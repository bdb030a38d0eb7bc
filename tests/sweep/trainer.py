"""`flowleague train` and `flowleague score` of the stub as a process, which dies the first time that it scores."""

import os
import signal
import sys
from pathlib import Path

from tests.sweep.stub import Stub

if __name__ == "__main__":
    words, died = sys.argv[1:], Path(sys.argv[sys.argv.index("--out") + 1]).parents[1] / "died"
    if words[0] == "score" and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(Stub().work(words).status)
