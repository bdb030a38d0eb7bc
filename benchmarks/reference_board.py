"""The board of the reference contest: the shipped models and peers, as `flowleague score` ranks against them.

    python -m benchmarks.reference_board FOLDER

Each shipped scorecard is an entry of a contest under a new contest's rules, floors included, as if all had been
measured there today; hours, GPU and memory of the trainings are made up, as in the tests. FOLDER gets the contest, its
pages in `site`, and pictures of the front page at two widths.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from tests.board.contests import Log
from tests.browser import running_chromium

from flowleague import shipped
from flowleague.board.build import build
from flowleague.contest.folder import new_contest
from flowleague.scorecard.card import read_scorecard

BEGIN = datetime(2026, 10, 3, 9, tzinfo=UTC)
WIDTHS = (1280, 390)  # pixels
ENTRANTS = ("base", "tiny", "max")


def main() -> None:
    contest = Path(sys.argv[1]) / "contest"
    new_contest(contest, name="Reference", opens=datetime(2026, 10, 3), closes=datetime(2026, 10, 12))
    cards = {name: read_scorecard(shipped.scorecard(name)) for name in ENTRANTS}
    cards |= {name: read_scorecard(path) for name, path in shipped.peers().items()}
    newest = cards[ENTRANTS[0]]
    log = Log(contest)
    for team in cards:
        log.append("claim", {"team": team, "salt": "00", "key": "00"}, BEGIN)
    for hours, (team, card) in enumerate(cards.items(), 1):
        log.enter(team, 0, BEGIN + timedelta(hours=hours), replace(card, evaluator=newest.evaluator), {})
    log.close()
    site = Path(sys.argv[1]) / "site"
    build(contest, site)
    with running_chromium() as chromium:
        for width in WIDTHS:
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.goto((site / "index.html").resolve().as_uri())
            page.screenshot(path=site.parent / f"front-{width}.png", full_page=True)
    print(f"{len(cards)} entries: {site / 'index.html'}")


if __name__ == "__main__":
    main()
