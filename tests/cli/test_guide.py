"""The organiser's guide, followed by script: its blocks in order, for a class of twelve, from first day to prizes.

Only the clock, the measurement of an entry and the hands that hand in are stand-ins. What the guide says in its prose
is typed where it says it, and must stand there.
"""

import re
import shlex
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.cli.test_commands import Done, flowleague
from tests.contest.conftest import ROOT, SCORER, zip_of

from flowleague.contest import amending, evaluate, hands, intake, ready, records, seeds, submit, verify
from flowleague.contest.folder import open_contest

PAGE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
CLOCKED = (amending, evaluate, hands, intake, ready, records, seeds, submit, verify)
# Twelve students by their Canvas ids: a team, and what becomes of what they hand in (see tests/contest/scorer.py)
CLASS = {
    4001: ("The Latents", "# finding"),
    4002: ("Flow Motion", "# fine 2"),
    4003: ("Third", "# fine 3"),
    4004: ("Digits", "# refuse"),
    4005: ("Killed Once", "# killed inside"),
    4006: ("Sixes", "# fine 6"),
    4007: ("Sevens", "# pictures 7"),
    4008: ("Eights", "# fine 8"),
    4009: ("Nines", "# fine 9"),
    4010: ("Tens", "# fine 10"),
    4011: ("Latecomers", "# fine 11"),
}
BUNDLE, LATE = 4012, 4011
TAKE_IN = "flowleague contest take-in ~/Downloads/submissions.zip"


class Organiser:
    """Who types what the guide shows, in a folder of their own, at a time that the test sets."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch):
        self.place, self.home, self.now = folder, folder / "home", datetime(2026, 9, 24, 9, tzinfo=UTC)
        (self.home / "Downloads").mkdir(parents=True)
        patch.setenv("HOME", str(self.home))
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "A")
            patch.setenv(f"GIT_{who}_EMAIL", "a@b.c")
        clock = type("Clock", (datetime,), {"now": classmethod(lambda cls, zone=None: self.tick(zone))})
        for module in CLOCKED:
            patch.setattr(module, "datetime", clock)
        self.blocks = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)

    def tick(self, zone=None) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now.astimezone(zone) if zone else self.now.replace(tzinfo=None)

    def block(self, number: int, fails: tuple[str, ...] = (), entry: str = "") -> dict[str, Done]:
        """Type a block of the page in order; what it gave, by line. Lines with one of the words in `fails` must fail.

        `entry` is the id in the place of the page's.
        """
        done = {}
        for line in self.blocks[number].splitlines():
            for step in re.split(r" && ", re.split(r"\s{2,}#", line)[0].strip()):
                step = step.replace(" 29b2", f" {entry}")
                done[step] = self.type(step, any(word in step for word in fails))
        return done

    def prose(self, shown: str, line: str = "", fails: bool = False) -> str:
        """Type what the prose shows; `line` is the whole of what it shortens."""
        assert f"`{shown}`" in re.sub(r"\s+", " ", PAGE)
        done = self.type(line or shown, fails)
        return done.out + done.err

    def type(self, line: str, fails: bool = False) -> Done:
        words = [word.replace("~", str(self.home), 1) if word.startswith("~/") else word for word in shlex.split(line)]
        if words[0] == "cd":
            self.place = (self.place / words[1]).resolve()
            return Done(0, "", "")
        if words[0] == "flowleague":
            done = flowleague(*words[1:], cwd=self.place)
        else:
            ran = subprocess.run(words, cwd=self.place, capture_output=True, text=True, check=False)
            done = Done(ran.returncode, ran.stdout, ran.stderr)
        assert (done.status != 0) == fails, f"{line}\n{done.out}{done.err}"
        assert "Traceback" not in done.out + done.err, line
        return done


@pytest.fixture
def organiser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Organiser:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(evaluate, "evaluate", partial(evaluate.evaluate, scorer=SCORER))
    return Organiser(tmp_path, monkeypatch)


def hand_in(organiser: Organiser, texts: dict[int, tuple[str, str]], number: int, late: tuple[int, ...] = ()) -> None:
    """Canvas's archive of what is handed in so far; student 4006 has two files that may be the entry."""
    bundle = zip_of(organiser.home / "bundle.zip").read_bytes()
    with zipfile.ZipFile(organiser.home / "Downloads" / "submissions.zip", "w") as archive:
        for user, (team, text) in texts.items():
            mark = "_LATE" if user in late else ""
            body = f"{text}\ninfo = {{'team': {team!r}, 'names': 'Private'}}\nclass SubmissionInterface: ...\n"
            archive.writestr(f"student{user}{mark}_{user}_{number}{user}_model.py", body)
            if user == 4006:
                archive.writestr(f"student{user}_{user}_{number}9{user}_older.py", body + "# older\n")
        archive.writestr(f"student{BUNDLE}_{BUNDLE}_{number}1_run.zip", bundle)
        archive.writestr(f"student{BUNDLE}_{BUNDLE}_{number}2_entry.toml", 'team = "Bundlers"\n')


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the guide is for Linux")
def test_the_guide_is_followed_for_a_class_of_twelve(organiser: Organiser) -> None:
    # two weeks before
    ready_to_begin = organiser.block(0)
    assert "The sandbox holds" in ready_to_begin["flowleague doctor"].out
    contest = organiser.place
    assert contest.name == "class-2026"

    # an evening while it is open: a file is in question, one entry cannot be built, the process of one is killed
    organiser.now = datetime(2026, 10, 10, 22, tzinfo=UTC)
    sent = {user: each for user, each in CLASS.items() if user != LATE}
    hand_in(organiser, sent, 1)
    evening = organiser.block(1, fails=("take-in", "contest evaluate"))
    assert "10 of 11 students and folders are taken in" in evening[TAKE_IN].out
    measured = evening["flowleague contest evaluate"]
    assert (measured.status, "8 measured" in measured.out) == (2, True)
    answers = organiser.home / "Downloads" / "submissions.answers.toml"
    answers.write_text(answers.read_text().replace('entry = ""', 'entry = "model.py"'))

    # the next one: the question is answered, the team that failed sends a better file, and what was killed is retried
    organiser.place, organiser.now = contest, organiser.now + timedelta(days=1)
    hand_in(organiser, sent | {4004: ("Digits", "# fine 4"), 4005: ("Killed Once", "# fine 5")}, 2)
    evening = organiser.block(1)
    assert "11 of 11 students and folders are taken in" in evening[TAKE_IN].out
    assert "All as recorded." in evening["flowleague contest verify"].out
    assert (organiser.place / "site" / "index.html").exists()
    organiser.place = contest
    assert "has no SubmissionInterface" in organiser.prose("entries --failed", "flowleague contest entries --failed")
    organiser.prose("flowleague contest evaluate --retry", fails=True)
    organiser.prose('flowleague contest rescore "The Latents" --reason "…"')

    # at the closing: a late entry, a key that was lost, marks
    organiser.now = datetime(2026, 10, 13, 9, tzinfo=UTC)
    hand_in(organiser, sent | {LATE: CLASS[LATE]}, 3, late=(LATE,))
    assert "late" in organiser.type(TAKE_IN).out
    organiser.prose("flowleague contest evaluate")
    state = open_contest(contest).state
    assert len(state.teams) == 12
    assert {entry.team for entry in state.submissions.values() if entry.late} == {"Latecomers"}
    marks = (f"[marks.{team!r}]\nmark = {mark}\nreviewer = 'A'\n" for mark, team in enumerate(state.teams))
    (contest / "analysis.toml").write_text("\n".join(marks))

    # after it: the final round, places, and what is published
    (final,) = organiser.block(2, fails=("final-round",)).values()  # what killed its process does so again
    assert "0 of 11 ranked teams moved." in final.out
    organiser.block(3)
    published = organiser.block(4)
    assert "All as recorded." in published["flowleague contest verify"].out
    assert len(list((contest.parent / "feedback").iterdir())) == 12
    grades = (contest / "grades.csv").read_text()
    assert "4001" in grades
    assert "4011" not in grades

    # a suspicious entry
    entry = next(entry.id for entry in state.counting().values() if entry.team == "The Latents")
    organiser.place = contest
    organiser.block(5, entry=entry)
    tracked = organiser.type("git ls-files").out.splitlines()
    assert "grades.csv" not in tracked
    assert "private.toml" not in tracked
