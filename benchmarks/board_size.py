"""How long the board of a large contest takes, how large its front page is, and how soon it answers in Chromium.

    python -m benchmarks.board_size [TEAMS] [ENTRIES] [BUNDLE]
    python -m benchmarks.board_size SITE

Writes a contest of so many teams with so many measured entries each (1,000 and 3 by default; cards of the tests, and
code as entries, or a bundle's zip, which then runs in a page for every team), then builds its board; or takes a site
that was built before. Seconds are those of the clock, and in brackets those of the processor. Interactive: from asking
for the page until a click on a header has sorted the table, the driver's own time included; the median of five loads in
one browser, and in brackets the processor time of the page's main thread.
"""

import gzip
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser
from tests.board.contests import write_contest
from tests.browser import running_chromium

from flowleague.board.build import ASSETS, build

LOADS = 5


def main() -> None:
    if len(sys.argv) == 2 and not sys.argv[1].isdigit():
        look_at(Path(sys.argv[1]))
        return
    teams, entries = (int(word) for word in [*sys.argv[1:3], *["1000", "3"][len(sys.argv) - 1 :]])
    bundle = {"bundle": Path(sys.argv[3]).read_bytes()} if len(sys.argv) > 3 else {}
    with tempfile.TemporaryDirectory() as name:
        contest, site = Path(name) / "contest", Path(name) / "site"
        names = tuple(f"The team number {i}" for i in range(teams))
        write_contest(contest, names, entries, changes=dict.fromkeys(names, bundle))
        start, begun = time.perf_counter(), time.process_time()
        pages = build(contest, site)
        wall, cpu = time.perf_counter() - start, time.process_time() - begun
        print(f"{teams} teams with {entries} entries: {len(pages)} files in {wall:.1f} s ({cpu:.1f})")
        look_at(site)


def look_at(site: Path) -> None:
    """Print the size of a front page and how soon it answers."""
    index = (site / "index.html").read_bytes()
    figures = (site / "figures.js").stat().st_size
    beside = sum((site / asset).stat().st_size for asset in ASSETS)
    packed = len(gzip.compress(index))
    print(f"front page {len(index):,} bytes ({packed:,} compressed), {figures:,} of figures for its scripts")
    print(f"and {beside:,} of style and scripts for all pages")
    with running_chromium() as chromium:
        loads = [interactive(chromium, site / "index.html") for _ in range(LOADS)]
    wall, cpu = (statistics.median(seconds) for seconds in zip(*loads, strict=True))
    print(f"interactive after {wall:.2f} s ({cpu:.2f}); from {min(loads)[0]:.2f} to {max(loads)[0]:.2f} s")


def interactive(chromium: Browser, index: Path) -> tuple[float, float]:
    """Seconds from asking for the page until a click on a header has sorted the table: clock, main thread."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    page.goto(index.resolve().as_uri(), wait_until="commit")
    page.wait_for_selector("html.alive", state="attached")
    page.evaluate("document.querySelector('#standings th[data-key=team] button').click()")
    assert page.get_attribute("#standings th[data-key=team]", "aria-sort") == "ascending"
    seconds = time.perf_counter() - start
    metrics = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    context.close()
    return seconds, metrics["TaskDuration"]


if __name__ == "__main__":
    main()
