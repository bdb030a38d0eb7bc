"""Makes the inputs of the golden files: a contest with every kind of record, and a training run that was cut off.

    python -m tests.same.inputs FOLDER

They were made once, and stay: what later code makes of the same inputs is what is compared. The contest: entries that
count, that were chosen, withdrawn, disqualified, reinstated, late or not measurable; a baseline, a panel, equal
figures with different marks, two rounds by two evaluators, a card from elsewhere, a torn record, the history of 2025.
"""

import shutil
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from tests.board.contests import BEGIN, Log, card_of, pictures
from tests.model.export.fresh import fresh_recipe, write_fresh
from tests.same.training import small_recipe, some_digits

from flowleague.bundle.read import zip_bundle
from flowleague.contest.evaluator import Evaluator
from flowleague.contest.folder import new_contest
from flowleague.edition2025.past import FILE, NAME, NOT_COMPARABLE, board_json
from flowleague.scorecard.card import to_json
from flowleague.training.train import train

CLOSES = datetime(2026, 10, 12, 17, 30)
COMPUTE = {"hours": 3.5, "gpu": "Tesla T4", "memory_gib": 4.2, "datasets": ["mnist"], "from_scratch": True}
PRIVATE = '\n[teams."Flow Rider"]\ncanvas = ["101", "102"]\n\n[teams."Brody"]\npeople = ["A. Student"]\n'
MARKS = '\n[marks."Flow Rider"]\nmark = 7.5\nreviewer = "R"\n\n[marks."Twins"]\nmark = 9\nreviewer = "R"\n'


class Story:
    """A contest while it is written, an hour a record."""

    def __init__(self, folder: Path) -> None:
        self.log, self.now = Log(folder), BEGIN
        self.folders: dict[str, str] = {}

    def tell(self, kind: str, body: dict, files: dict[str, bytes] | None = None) -> None:
        """Append a record."""
        self.now += timedelta(hours=1)
        self.log.append(kind, body, self.now, files)

    def claim(self, *teams: str, **more: object) -> None:
        """Teams take their names."""
        for team in teams:
            self.tell("claim", {"team": team, "salt": "00", "key": "00"} | more)

    def submit(self, id_: str, team: str, bundle: bytes = b"", late: bool = False, **compute: object) -> None:
        """An entry is sent in, a bundle or code with weights."""
        folder = f"entries/{id_}"
        self.folders[id_] = folder
        name, raw = ("entry.zip", bundle) if bundle else ("entry.py", f"# {id_}\n".encode())
        body = {"id": id_, "team": team, "folder": folder, "file": name, "weights": {"w.safetensors": "e" * 64}}
        submitted = (self.now + timedelta(minutes=59)).isoformat()
        body |= {"submitted": submitted, "late": late, "compute": COMPUTE | {"declared": not bundle} | compute}
        statement = msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"
        self.tell("submit", body, {f"{folder}/{name}": raw, f"{folder}/submission.json": statement})

    def score(self, id_: str, round_: int, figures: str, level: float, source: str = "here", **changes) -> None:
        """An entry is measured; its figures follow from a word and a level."""
        drawn = pictures() if changes.pop("drawn", False) else {}
        card = card_of(figures, round_, level, evaluator=f"flowleague-0.0.{round_}", **changes)
        assert not isinstance(card, str)
        body = {"id": id_, "round": round_, "source": source, "by": asdict(Evaluator.of(card))}
        body["metrics"] = {
            name: (metric.value, metric.standard_error or 0.0) for name, metric in card.metrics().items()
        }
        body["findings"] = [finding.sentence for finding in card.findings]
        folder = self.folders[id_]
        files = {f"{folder}/scorecard-{round_}.json": to_json(card)}
        self.tell("score", body, files | {f"{folder}/{name}-{round_}.png": raw for name, raw in drawn.items()})


def write_contest(folder: Path) -> None:
    """Write the contest into a new folder."""
    new_contest(folder, name="Golden <i>2026</i>", opens=datetime(2026, 10, 3), closes=CLOSES)
    rules = folder / "contest.toml"
    text = rules.read_text().replace("baselines = []", 'baselines = ["Reference"]')
    rules.write_text(text.replace("panel = []", 'panel = ["latents1", "rider1"]'))
    for name, more in (("private.toml", PRIVATE), ("analysis.toml", MARKS)):
        (folder / name).write_text((folder / name).read_text() + more)
    write_fresh(folder / "fresh", fresh_recipe("grid"))
    zip_bundle(folder / "fresh", folder / "fresh.zip")
    bundle = (folder / "fresh.zip").read_bytes()
    shutil.rmtree(folder / "fresh")
    (folder / "fresh.zip").unlink()
    story = Story(folder)
    story.tell("history", {"name": NAME, "comparable": False, "why": NOT_COMPARABLE}, {FILE: board_json()})
    enter(story, bundle)
    measure(story)
    story.log.close()


def enter(story: Story, bundle: bytes) -> None:
    """Teams come, entries too, some go."""
    story.claim("The Latents", "Flow Rider", "Twins", "Gradient <Ascenders>", "=Brody", "Reference", "Idle")
    story.claim("Late Ones", salt=None, key=None)
    story.claim("Rule Breakers", salt=None, key=None, account=77)
    story.submit("latents1", "The Latents", bundle)
    story.submit("rider1", "Flow Rider", hours=13.0)
    story.submit("rider2", "Flow Rider", gpu=None)
    story.submit("twins1", "Twins", gpu="")
    story.submit("ascend1", "Gradient <Ascenders>", datasets=["mnist", "kmnist"])
    story.submit("ascend2", "Gradient <Ascenders>", from_scratch=False)
    story.submit("brody1", "=Brody", datasets=None, hours=None)
    story.submit("reference1", "Reference")
    story.submit("breakers1", "Rule Breakers")
    story.tell("torn", {"bytes": "7b22"})
    story.tell("final", {"id": "rider1"})
    story.tell("withdraw", {"id": "ascend2"})
    story.tell("disqualify", {"id": "breakers1", "reason": "It reads the <test> images."})
    story.tell("disqualify", {"id": "latents1", "reason": "A mistake."})
    story.tell("reinstate", {"id": "latents1"})


def measure(story: Story) -> None:
    """Two rounds; the second is measured by another evaluator and begins when all of the first is there."""
    for round_ in (1, 2):
        story.score("latents1", round_, "The Latents", 0.1, drawn=round_ == 2)
        story.score("rider1", round_, "Flow Rider", 0.3)
        story.score("rider2", round_, "Flow Rider II", 0.2)
        story.score("twins1", round_, "Flow Rider", 0.3)  # the very same figures
        story.score(
            "ascend1", round_, "Ascend", 0.5, missing="diversity", source="elsewhere" if round_ == 2 else "here"
        )
        story.score("reference1", round_, "Reference", 0.4)
        story.tell("failure", {"id": "brody1", "round": round_, "reason": "Its <weights> are not there."})
        if round_ == 1:
            story.tell("rescore", {"reason": "a new evaluator"})
    story.now = BEGIN + timedelta(days=10)
    story.submit("late1", "Late Ones", late=True)
    story.score("late1", 2, "Late Ones", 0.05)


def write_run(folder: Path) -> None:
    """Train until the middle of the first stage, and stop there."""
    for report in train(small_recipe(), folder, some_digits(), device="cpu", checkpoint_every=0.0):
        if report.images >= report.of_images // 2:
            return


def main(out: Path) -> None:
    """Write `contest.zip` and `run.zip`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for name, make in (("contest", write_contest), ("run", write_run)):
            make(Path(place) / name)
            shutil.make_archive(str(out / name), "zip", Path(place) / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
