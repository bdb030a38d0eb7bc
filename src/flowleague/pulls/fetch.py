"""The first step of the unprivileged job: what does the pull request change, and may its entry be measured?"""

from pathlib import Path

from flowleague.contest.folder import open_contest
from flowleague.pulls.change import is_about_an_entry
from flowleague.pulls.entry import check_entry, fetch_entry
from flowleague.pulls.event import Pull, PullError
from flowleague.pulls.git import fetch_base, fetch_head


def fetch(folder: Path, pull: Pull, branch: str, place: Path, token: str = "") -> bool:
    """Write the entry of a pull request into a folder; False when it sends none in.

    Raises `FlowLeagueError` when it changes what it may not, or when the entry cannot be taken by the rules.
    """
    if pull.base != branch:
        raise PullError(f"Entries go to the branch {branch}; change the base of the pull request to it.")
    base = fetch_base(folder, branch, token)
    fetch_head(folder, pull.number, pull.head, token)
    if not is_about_an_entry(folder, base, pull):
        return False
    contest = open_contest(folder)
    fetch_entry(folder, pull, place, contest.rules.entries.largest_file_mib)
    check_entry(contest, pull, place)
    return True
