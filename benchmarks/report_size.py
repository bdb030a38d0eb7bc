"""How long a report takes beside the scoring, and how large its folder is.

    python benchmarks/report_size.py BUNDLE SCORECARD

The scorecard is one that `flowleague score BUNDLE` wrote. Seconds are those of the clock, and in brackets those of the
processor; the second line is a run after nothing but the author's words has changed.
"""

import sys
import tempfile
import time
from pathlib import Path

from flowleague.report.build import Wanted, build
from flowleague.report.words import FILE


def main() -> None:
    bundle, scorecard = (Path(word) for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "report"
        for what in ("all of it", "new words"):
            start, begun = time.perf_counter(), time.process_time()
            build(Wanted(bundle, out, scorecard=scorecard), lambda *_: None)
            wall, cpu = time.perf_counter() - start, time.process_time() - begun
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
            print(f"{what}: {wall:.1f} s ({cpu:.1f}), folder {size:,} bytes")
            (out / FILE).write_text("## Trade-offs\n\nNew words.\n")


if __name__ == "__main__":
    main()
