"""An approved entry goes on the board: into the contest's records and folder, as one commit on the base branch.

Approval is that of the environment `board`, whose jobs wait for a reviewer; in a repository without reviewers nothing
is recorded. Everything is judged again then, on the newest base. The commit is made in a working copy of its own and
pushed; where another entry was faster, it is made again on top of that one. An interrupted job can run again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flowleague.contest.chain import HEAD_FILE, LOG_FILE
from flowleague.contest.feedback import feedback_of
from flowleague.contest.folder import open_contest
from flowleague.contest.records import writing
from flowleague.contest.rules import read_rules
from flowleague.contest.scores import record_score
from flowleague.contest.standing import board_of
from flowleague.contest.state import Submission
from flowleague.contest.submit import enter
from flowleague.contest.teams import name_key
from flowleague.errors import docs_link
from flowleague.files import temporary_folder
from flowleague.pulls.comment import on_the_board
from flowleague.pulls.entry import Entry
from flowleague.pulls.event import Pull, PullError, Run
from flowleague.pulls.git import fetch_base, git
from flowleague.pulls.github import GitHub
from flowleague.pulls.verdict import Verdict, judge, place_of
from flowleague.scorecard.card import Scorecard

_ENVIRONMENT, PAGES = "board", "pages.yml"
_ATTEMPTS = 5


def record(repository: Path, github: GitHub, run: Run) -> Verdict | None:
    """Record the entry that a run measured, say so under its pull request, close that, and start the publishing.

    Returns the verdict that was posted; it holds no entry where nothing was recorded. None where nothing was posted.

    Raises `PullError` when nobody has to approve, or when the base branch does not take the commit.
    """
    if not github.is_guarded(_ENVIRONMENT):
        raise PullError(
            f"Nothing was recorded: the environment '{_ENVIRONMENT}' has no required reviewers, so nobody has approved "
            f"this; set them in the repository's settings, see {docs_link('pulls')}"
        )
    for _ in range(_ATTEMPTS):
        base = fetch_base(repository, run.base, github.token)
        with _working_copy(repository, base) as folder:
            verdict = judge(folder, github, run)
            if verdict is None or verdict.entry is None or verdict.card is None:
                break
            entry = take(folder, verdict.pull, verdict.entry, verdict.card, verdict.pictures)
            contest = open_contest(folder)
            place, text = place_of(contest, entry.team, verdict.card), feedback_of(board_of(contest), entry.team)
            comment = on_the_board(verdict.pull, entry.team, entry.id, place, entry.late, text)
            verdict = replace(verdict, comment=comment)
            if push(folder, f"Take in entry {entry.id} (pull request #{verdict.pull.number})", run.base, base, github):
                github.say(verdict.pull.number, verdict.comment)
                github.close(verdict.pull.number)
                github.start(PAGES, run.base)
                return verdict
    else:
        raise PullError(f"{run.base} changed {_ATTEMPTS} times while the entry was recorded; run the job again.")
    if verdict:
        github.say(verdict.pull.number, verdict.comment)
    return verdict


def take(
    folder: Path,
    pull: Pull,
    entry: Entry,
    card: Scorecard,
    pictures: Mapping[str, bytes],
    now: datetime | None = None,
) -> Submission:
    """Record an entry with scorecard and pictures in a contest, and make it the one that counts for its team.

    What was recorded before is not recorded again; an earlier entry that is sent again in time counts again.
    """
    rules, now = read_rules(folder), now or datetime.now(UTC)
    with writing(folder) as writer:
        if isinstance(entry.checked, Submission):
            sent = entry.checked
        else:
            is_first = writer.state.team(entry.team) is None
            sent = enter(writer, entry.checked, now, {"account": pull.account} if is_first else None)
        state = writer.state
        if sent.id not in state.measured[-1]:
            record_score(writer, sent, card, state.round, "job", pictures)
        counting = state.counting().get(name_key(sent.team))
        if not sent.late and pull.sent <= rules.time.closes and counting != sent:
            writer.append("final", {"id": sent.id}, now=now)
    return sent


def push(folder: Path, message: str, branch: str, base: str, github: GitHub) -> bool:
    """Commit what was recorded and push it; False when the branch is not at `base` any more."""
    git(folder, "add", "--", "entries", LOG_FILE, HEAD_FILE)
    if not git(folder, "diff", "--cached", "--name-only"):
        return True  # it was recorded before, and the job ran again
    git(folder, "commit", "--quiet", "--message", message)
    try:
        git(folder, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", token=github.token)
    except PullError as error:
        if fetch_base(folder, branch, github.token) == base:
            raise PullError(
                f"{error} The branch {branch} must take pushes of GitHub Actions, see {docs_link('pulls')}"
            ) from error
        return False
    return True


@contextmanager
def _working_copy(repository: Path, commit: str) -> Iterator[Path]:
    """A working copy of a commit of the base branch, apart from the one that a person may be working in."""
    with temporary_folder() as name:
        folder = name / "contest"
        git(repository, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            git(repository, "worktree", "remove", "--force", str(folder))
