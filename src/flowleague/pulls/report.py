"""The report of a bundle that came by pull request: for people to download, read by no job.

A report that fails harms no entry. Code has no report: its samples and latents would need another run.
"""

from pathlib import Path

from flowleague.archive import zip_folder
from flowleague.contest.rules import read_rules
from flowleague.errors import FlowLeagueError, printable
from flowleague.files import temporary_folder, write_atomically
from flowleague.pulls.artifact import CARD, LIMITS, MIB, REPORT
from flowleague.pulls.entry import parcel_in
from flowleague.pulls.event import Pull
from flowleague.report import require_libraries


def write_report(contest: Path, pull: Pull, place: Path, out: Path) -> str:
    """Write the report of a measured entry beside its scorecard; returns why there is none, else an empty text."""
    statement, parcel = parcel_in(place, pull)
    if parcel.file.suffix.lower() != ".zip":
        return ""
    judges = contest / "judges"
    with temporary_folder() as name:
        folder = name / "report"
        try:
            require_libraries()
            from flowleague.report.build import Wanted, build

            wanted = Wanted(
                parcel.file,
                folder,
                statement.team,
                scorecard=out / CARD,
                judges=str(judges) if judges.is_dir() else None,
                dry_run=read_rules(contest).evaluation.plan == "quick",
            )
            build(wanted, lambda *_: None)
        except FlowLeagueError as error:
            return f"There is no report: {printable(error, 500)}"
        raw = zip_folder(folder)
    if len(raw) > LIMITS[REPORT]:
        return f"There is no report: it would have more than {LIMITS[REPORT] // MIB} MiB."
    write_atomically(out / REPORT, raw)
    return ""
