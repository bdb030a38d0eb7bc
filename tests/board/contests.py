"""Contests for the tests of the board: written at once, with teams whose figures hang together as real ones do."""

import hashlib
import math
import random
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from tests.contest.cards import TIMED, make_card

from flowleague.contest import records
from flowleague.contest.evaluator import Evaluator
from flowleague.contest.folder import new_contest
from flowleague.contest.records import Record, encode, sealed
from flowleague.contest.teams import folder_name
from flowleague.scorecard.card import Category, Finding, Metric, Scorecard, Timing, to_json
from flowleague.scorecard.metrics import CATEGORIES, MetricKind
from flowleague.scorecard.pictures import SAMPLES, Specimens

NAMES = (
    "The Latents", "Flow Rider", "Yann LeCool Boys", "Gradient Ascenders", "Neanderthals", "Mrs & Mr Meower",
    "KL Divergents", "Brody", "Overfit Club", "Sample Text", "Team Sigma", "Posterior Collapse",
)  # fmt: skip
STRANGE = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"><b>bold & 'quoted'", "🏆 café 😀",
    "שלום עולם", "مرحبا {{ 7*7 }}", "${7*7} <!--", "&lt;not escaped&gt;", "=1+1", "javascript:alert(1)",
)  # fmt: skip
BEGIN = datetime(2026, 10, 3, 9, tzinfo=UTC)
COMPUTE = {"hours": 3.5, "gpu": "Tesla T4", "memory_gib": 4.2, "datasets": ("mnist",), "from_scratch": True}


def write_contest(
    folder: Path,
    teams: tuple[str, ...] = NAMES,
    entries: int = 3,
    baseline: str = "Reference",
    changes: dict | None = None,
) -> Path:
    """A contest with several entries a team over nine days, all measured; `changes` are those of cards, by team.

    All have pictures, unless `changes` say "plain", and are code, unless these have the bytes of a "bundle"; code
    that was not "captured" was run.
    """
    new_contest(
        folder, name="Class 2026 <i>test</i>", opens=datetime(2026, 10, 3), closes=datetime(2026, 10, 12, 17, 30)
    )
    rules = folder / "contest.toml"
    without_floors = re.sub(r"\[fairness\][^\[]*", "", rules.read_text())  # which these made-up figures would not reach
    rules.write_text(
        without_floors.replace("baselines = []", f'baselines = ["{baseline}"]' if baseline else "baselines = []")
    )
    log = Log(folder)
    teams = tuple(dict.fromkeys((*teams, baseline))) if baseline else teams
    for team in teams:
        log.append("claim", {"team": team, "salt": "00", "key": "00"}, BEGIN)
    sent = []
    for number, team in enumerate(teams):
        rng = random.Random(f"times of {team}")
        for k in range(entries):
            sent.append((BEGIN + timedelta(hours=rng.uniform(0, 210) if k else 3 * rng.random()), number, team, k))
    for when, number, team, k in sorted(sent):
        change = dict((changes or {}).get(team, {}))
        drawn = {} if change.pop("plain", False) else pictures()
        bundle, captured = change.pop("bundle", None), change.pop("captured", True)
        log.enter(team, k, when, card_of(team, k, number / len(teams), **change), drawn, bundle, captured)
    if teams:
        log.close()
    return folder


class Log:
    """Records written without the locks and waits of one entry after the other."""

    def __init__(self, folder: Path):
        self.folder, self.written = folder, []

    def append(self, kind: str, body: dict, when: datetime, files: dict[str, bytes] | None = None) -> None:
        files = files or {}
        hashes = {path: hashlib.sha256(raw).hexdigest() for path, raw in files.items()}
        previous = self.written[-1].hash if self.written else records.START
        self.written.append(
            sealed(
                Record(number=len(self.written) + 1, time=when, kind=kind, body=body, files=hashes, previous=previous)
            )
        )
        for path, raw in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(raw)

    def enter(
        self,
        team: str,
        k: int,
        when: datetime,
        card: Scorecard | str,
        drawn: dict,
        bundle: bytes | None = None,
        captured: bool = True,
    ) -> None:
        """An entry, a bundle or code, with its card, or the reason why there is none."""
        id_ = hashlib.sha256(f"{team} {k}".encode()).hexdigest()[:10]
        place = f"entries/{folder_name(team)}/{id_}"
        name, raw = ("entry.zip", bundle) if bundle else ("entry.py", id_.encode())
        body = {"id": id_, "team": team, "folder": place, "file": name, "weights": {"w.safetensors": "e" * 64}}
        body |= {"late": False, "submitted": when.isoformat(), "compute": COMPUTE | {"declared": True}}
        self.append("submit", body, when, {f"{place}/{name}": raw})
        if isinstance(card, str):
            self.append("failure", {"id": id_, "round": 1, "reason": card}, when)
            return
        body = {"id": id_, "round": 1, "source": "here", "by": asdict(Evaluator.of(card))}
        body["metrics"] = {name: (m.value, m.standard_error or 0.0) for name, m in card.metrics().items()}
        body |= {} if captured else {"captured": False}
        body["findings"] = [finding.sentence for finding in card.findings]
        files = {f"{place}/scorecard-1.json": to_json(card)}
        self.append("score", body, when, files | {f"{place}/{name}-1.png": raw for name, raw in drawn.items()})

    def close(self) -> None:
        (self.folder / records.LOG_FILE).write_bytes(b"".join(encode(record) + b"\n" for record in self.written))
        (self.folder / records.HEAD_FILE).write_text(records.head_text(len(self.written), self.written[-1].hash))


@cache
def pictures() -> dict[str, bytes]:
    """Pictures of rings of all sizes, about as large as those of digits."""
    distance = np.hypot(*(np.mgrid[:28, :28] - 13.5))
    radii = 3 + 9 * np.random.default_rng(0).random((SAMPLES, 1, 1, 1))
    rings = np.exp(-((distance - radii) ** 2) / 3).astype(np.float32)
    specimens = Specimens()
    specimens.draw_samples(rings, rings[::-1])
    specimens.draw_reconstructions(rings, rings)
    return specimens.drawn


def card_of(team: str, k: int, level: float, failure: str = "", missing: str = "", **changes) -> Scorecard | str:
    """A card whose figures follow a level (0 is best, 1 worst), better with every entry of the team."""
    if failure:
        return failure
    rng = random.Random(f"{team} {k}")
    level = level * 1.6 + 0.5 / (1 + k) + rng.gauss(0, 0.15)
    categories = tuple(
        Category(
            name=c.name,
            title=c.title,
            metrics=tuple(metric_of(m, rng, level, c.name == missing) for m in c.metrics if m.name not in TIMED),
        )
        for c in CATEGORIES
    )
    timed = tuple(metric_of(m, rng, level, False) for c in CATEGORIES for m in c.metrics if m.name in TIMED)
    findings = (Finding(name="broken", category=missing, sentence="It broke <b>here</b>.", hint="Mend it."),)
    return make_card(
        team[:50], categories=categories, timing=Timing(metrics=timed, measured_at="2026-10-12T18:00:00+00:00"),
        **({"findings": findings} if missing else {}), **changes,
    )  # fmt: skip


def metric_of(kind: MetricKind, rng: random.Random, level: float, is_missing: bool) -> Metric:
    spread = {
        "numbers": (1e5, 1.0),
        "bytes": (4e5, 1.0),
        "parameters": (1e5, 1.0),
        "FLOP": (4e6, 1.0),
        "images": (6e4, 0.6),
    }
    base, width = spread.get(kind.unit, (0.01 if "²" in kind.unit else 0.05, 0.8))
    # smaller models are worse in all else
    away = -level if kind.unit in spread and kind.unit != "images" else level
    value = base * math.exp(width * (away + rng.gauss(0, 0.35)))
    if kind.direction == "higher":
        value = 1 / (1 + value * 4)
    exact = kind.unit in spread or kind.unit in ("evaluations", "epochs")
    value = float(round(value)) if kind.unit in spread else float(f"{value:.9g}")
    return Metric(
        name=kind.name,
        value=None if is_missing else value,
        standard_error=None if is_missing else 0.0 if exact else float(f"{value * 0.03:.9g}"),
        n=0 if is_missing else 10000,
        unit=kind.unit,
        direction=kind.direction,
        reference=None if is_missing or not kind.reference else 0.002 if kind.direction == "lower" else 0.95,
        reason="not measured: broken" if is_missing else "",
    )
