"""The feature network beside the VAE and the flow: it needs neither, and a second thread gains a single stage little.

    thread 1   vae ──────> flow ─> (wait) ─> tune, on all threads
    thread 2   critic ──────────────────┘

On a CPU with two threads or more a thread of this process trains the feature network in memory, with half of the
threads that torch uses; elsewhere the stages follow each other. Its log records, its state and its seconds are in
every checkpoint of the run. When its turn comes, after the flow, they are handed over: log, reports and checkpoints are
those of a stage that begins then, and is fast.

No result depends on when the stages meet. Sums depend on how many threads a stage has, and that depends on the threads
of the run alone: a run that was cut off ends in the same bits, whether the stage was done, begun, or had its turn.
"""

import atexit
import copy
import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from flowleague.bundle.recipe import Recipe
from flowleague.model.latent_flow import write_weights
from flowleague.training.checkpoint import FEATURES_FILE, Checkpoint
from flowleague.training.features import FeatureNetwork, features_objective, validate_features
from flowleague.training.loop import new_stage
from flowleague.training.run import Clock, Report, Run, run_stage

NAME = "critic"
_BEFORE = ("vae", "flow", NAME)  # stages in which it is not done
_POLL = 0.2  # seconds between looks at a stage that is waited for


def runs_beside(recipe: Recipe, device: torch.device) -> bool:
    """Whether the feature network is trained beside other stages: on a CPU, where torch uses two threads or more."""
    shared = device.type == "cpu" and torch.backends.openmp.is_available()  # where threads are counted for each thread
    return bool(recipe.tune.images) and shared and torch.get_num_threads() > 1


def halves(threads: int) -> tuple[int, int]:
    """How many threads the other stages have meanwhile, and how many the feature network.

    >>> halves(2), halves(5)
    ((1, 1), (3, 2))
    """
    return threads - threads // 2, threads // 2


def use_threads(threads: int) -> None:
    """Let torch use so many threads in operations that the calling thread starts."""
    torch.get_num_threads()  # the first call in a thread sets what another thread has set last
    torch.set_num_threads(threads)


@contextmanager
def with_threads(threads: int) -> Iterator[None]:
    """As `use_threads`, until the context ends."""
    before = torch.get_num_threads()
    use_threads(threads)
    try:
        yield
    finally:
        use_threads(before)


@contextmanager
def features_stage(run: Run) -> Iterator["FeaturesStage"]:
    """The feature network's stage of a run, begun at once where it runs beside others; it stops with the context."""
    stage = FeaturesStage(run)
    try:
        if run.checkpoint.stage in _BEFORE and runs_beside(run.recipe, run.digits.device):
            stage.start()
        yield stage
    finally:
        stage.stop()


def _fresh_network(run: Run) -> FeatureNetwork:
    """A feature network under the run's seed; the other networks are drawn as if it were not."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.recipe.seed)
        return FeatureNetwork(run.digits.classes).to(run.digits.device)


class FeaturesStage:
    """Trains the feature network: when its turn comes, or from `start` on in a thread.

    The thread writes no file, and stops at its next step when it is told to, when the program ends, or by an error,
    which `along` and `rest` raise.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._network, self._aside = run, _fresh_network(run), _Aside.of(run)
        self._others, self._threads = halves(torch.get_num_threads())
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._error: BaseException | None = None

    def start(self) -> None:
        """Begin, or go on from the run's checkpoint."""
        self._thread = threading.Thread(target=self._work, name=f"training of the {NAME}", daemon=True)
        atexit.register(self.stop)  # a daemon that computes while the interpreter is taken down may crash it
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for that."""
        self._stop.set()
        if self._thread and self._thread is not threading.current_thread():  # which may collect a dropped generator
            self._thread.join()
        atexit.unregister(self.stop)

    def along(self, reports: Generator[Report, None, None]) -> Iterator[Report]:
        """The reports of another stage, which shares the threads with this one and keeps it in its checkpoints."""
        with closing(reports):
            while True:
                self._run.checkpoint.aside = self._progress()
                with with_threads(self._others) if self._thread else nullcontext():
                    report = next(reports, None)
                if report is None:
                    return
                yield report

    def rest(self) -> Iterator[Report]:
        """What is left when the turn of this stage has come; leaves critic.safetensors in the folder."""
        if self._thread:
            yield from self._handed_over()
        else:
            yield from self._reports(self._run)
        self._run.checkpoint.aside = None
        write_weights(self._run.folder / FEATURES_FILE, self._network)

    def _reports(self, run: Run) -> Iterator[Report]:
        network, recipe = self._network, run.recipe
        objective = features_objective(network, run.digits, recipe.critic, recipe.seed)

        def loss_at(step: int) -> Tensor:
            if self._stop.is_set():
                raise _StopError
            return objective(step)

        stage = new_stage(network, copy.deepcopy(network))
        return run_stage(run, NAME, stage, recipe.critic, loss_at, lambda: validate_features(network, run.digits))

    def _work(self) -> None:
        """What the thread does."""
        use_threads(self._threads)
        try:
            for report in self._reports(self._aside):
                self._aside.reports.append(report)
        except _StopError:
            pass
        except BaseException as error:  # for the thread that waits
            self._error = error

    def _progress(self) -> dict[str, Any] | None:
        """What checkpoints keep of the thread's work; raises the error that stopped it."""
        if self._error:
            raise self._error
        return self._aside.kept

    def _handed_over(self) -> Iterator[Report]:
        """Log, checkpoints and reports, as those of a stage that begins now."""
        assert self._thread
        run, aside = self._run, self._aside
        checkpoint, clock, logged = run.checkpoint, Clock(0.0, run.checkpoint_every), 0
        if checkpoint.state is None:
            checkpoint.overlap = aside.kept["seconds"] if aside.kept else 0.0
        over = False
        while not over:
            self._thread.join(_POLL)
            over = not self._thread.is_alive()  # before it is looked at what there is: then this is all
            if kept := self._progress():
                for record in kept["records"][logged:]:
                    run.log(record)
                logged = len(kept["records"])
                checkpoint.state, checkpoint.seconds[NAME], checkpoint.aside = kept["state"], kept["seconds"], None
                if clock.is_due():
                    run.keep()
            while aside.reports:
                yield aside.reports.popleft()


@dataclass
class _Aside(Run):
    """The run as the thread sees it: what is logged and kept stays in memory."""

    records: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, Any] | None = None  # replaced as a whole, never changed
    reports: deque[Report] = field(default_factory=deque)

    @classmethod
    def of(cls, run: Run) -> "_Aside":
        """Where the checkpoint of a run says that the stage is: beside another stage, or where its turn has come."""
        at = run.checkpoint
        kept = at.aside
        if at.stage == NAME and at.state:
            kept = {"state": at.state, "seconds": at.seconds[NAME], "records": []}
        mine, records = Checkpoint(NAME, device=at.device), []
        if kept:  # the optimisers would change what it holds
            mine.state, mine.seconds = copy.deepcopy(kept["state"]), {NAME: kept["seconds"]}
            records = kept["records"][:]
        return cls(run.folder, run.recipe, run.data, run.digits, mine, 0.0, records=records, kept=kept)

    def log(self, record: dict[str, Any]) -> None:
        self.records.append(record)

    def keep(self) -> None:
        state, seconds = copy.deepcopy(self.checkpoint.state), self.checkpoint.seconds[NAME]
        self.kept = {"state": state, "seconds": seconds, "records": self.records[:]}


class _StopError(Exception):
    """Ends the thread's work."""
