"""How long the board of a large contest takes, and how large its front page is.

    python benchmarks/board_size.py [TEAMS] [ENTRIES]

Writes a contest of so many teams with so many measured entries each (1,000 and 3 by default; cards of the tests), then
builds its board. Seconds are those of the clock, and in brackets those of the processor.
"""

import gzip
import sys
import tempfile
import time
from pathlib import Path

from tests.board.contests import write_contest

from flowleague.board.build import ASSETS, build


def main() -> None:
    teams, entries = (int(word) for word in [*sys.argv[1:], *["1000", "3"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        contest, site = Path(name) / "contest", Path(name) / "site"
        write_contest(contest, tuple(f"The team number {i}" for i in range(teams)), entries)
        start, begun = time.perf_counter(), time.process_time()
        pages = build(contest, site)
        wall, cpu = time.perf_counter() - start, time.process_time() - begun
        index = (site / "index.html").read_bytes()
        beside = sum((site / asset).stat().st_size for asset in ASSETS)
        print(
            f"{teams} teams with {entries} entries: {len(pages)} files in {wall:.1f} s ({cpu:.1f}); front page "
            f"{len(index):,} bytes ({len(gzip.compress(index)):,} compressed) and {beside:,} of style and scripts"
        )


if __name__ == "__main__":
    main()
