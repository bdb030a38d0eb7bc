"""An engine whose trainings take no time, and a sweep of them: the error falls with the channels, the count rises."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace
from tests.contest.cards import DATA, make_card

from flowleague.bundle.recipe import quick
from flowleague.engines.job import Ended
from flowleague.scorecard.card import Scorecard, read_scorecard, write_scorecard
from flowleague.sweep.plan import Plan, values_of
from flowleague.sweep.space import read_dials, read_objectives

VARY = ("vae.channels=12..32", "vae.kl_weight=1e-6..1e-4:log", "vae.block=depthwise,dense")
MSE, COUNT = "reconstruction.mse", "efficiency.tensors_total"


def make_plan(**changes) -> Plan:
    """A sweep of two objectives and two seeds."""
    fields = {
        "recipe": "quick",
        "values": values_of(quick()),
        "dials": read_dials(VARY, quick()),
        "objectives": read_objectives([MSE, COUNT], []),
        "seeds": (0, 1),
        "budget": None,
        "threads": 1,
        "evaluator": "flowleague-test",
        "data_sha256": DATA["test"],
    }
    return Plan(**(fields | changes))


def with_figures(card: Scorecard, figures: dict[str, float | None]) -> Scorecard:
    """A card with other values, by "category.metric"; None: not measured."""

    def changed(group, metric):
        name = f"{group.name}.{metric.name}"
        if name not in figures:
            return metric
        value = figures[name]
        return replace(metric, value=value, reason="" if value is not None else "not reported")

    groups = (replace(g, metrics=tuple(changed(g, metric) for metric in g.metrics)) for g in card.categories)
    return replace(card, categories=tuple(groups))


def mse_of(values: dict[str, str], seed: int) -> float:
    """What a training of the stub reaches."""
    return 0.1 / float(values.get("vae.channels", 24)) + 0.0001 * seed


class Stub:
    """Runs `flowleague train` and `flowleague score` of a sweep, as files alone; `deaths` of each job come first.

    `interrupt_at`: the poll at which somebody presses Ctrl-C. `failing`: what a training says that ends with 2.
    """

    def __init__(
        self, deaths: int = 0, interrupt_at: int = 0, failing: str = "", figures=None, sha256: str = ""
    ) -> None:
        self.deaths, self.interrupt_at, self.failing, self.polls = deaths, interrupt_at, failing, 0
        self.figures, self.sha256 = figures or {}, sha256 or DATA["test"]
        self.begun, self.cancelled, self.most, self._running = Counter(), [], 0, set()

    def width(self, threads, memory_gib):
        return 2

    def start(self, job):
        job.place.mkdir(parents=True, exist_ok=True)
        self.begun[job.place.name] += 1
        self._running.add(job.place)
        self.most = max(self.most, len(self._running))

    def poll(self, job):
        self.polls += 1
        if self.polls == self.interrupt_at:
            raise KeyboardInterrupt
        self._running.discard(job.place)
        if int(job.place.name.rpartition("-")[2]) <= self.deaths:
            return Ended(-9)
        return self.work(job.words()[3:])

    def work(self, words):
        """What a command does: as files alone."""
        if words[0] == "train":
            return self._train(words)
        return self._score(Path(words[1]), Path(words[words.index("--out") + 1]), words)

    def cancel(self, job):
        self._running.discard(job.place)
        self.cancelled.append(job.place.name)

    def _train(self, words):
        if self.failing:
            return Ended(2, (f"flowleague: {self.failing}",))
        folder = Path(words[words.index("--out") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        values = dict(word.split("=") for before, word in pairwise(words) if before == "--set")
        (folder / "config.json").write_text(json.dumps({"seed": words[words.index("--seed") + 1], "values": values}))
        (folder / "card.json").write_text("{}")
        return Ended(0)

    def _score(self, folder, out, words):
        assert words[words.index("--split") + 1] == "validation"
        config = json.loads((folder / "config.json").read_text())
        card = make_card(folder.name, name=folder.name, data_sha256={**DATA, "test": self.sha256})
        channels = float(config["values"].get("vae.channels", 24))
        figures = {MSE: mse_of(config["values"], int(config["seed"])), COUNT: 1000 * channels, "diversity.recall": 0.5}
        write_scorecard(with_figures(card, figures | self.figures), out)
        return Ended(0)


def card_of(folder: Path, trial: int, seed: int) -> Scorecard:
    """The card of a training."""
    return read_scorecard(folder / "runs" / f"{trial:04d}-seed{seed}" / "scorecard.json")
