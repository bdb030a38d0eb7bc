"""The workers of one entry in turns: whoever is needed is started afresh, and the one before has ended."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flowleague.entrant.building import Building
from flowleague.entrant.model import Failure
from flowleague.entrant.sandbox.worker import Worker

_ROLES = ("encode", "decode", "generate")


class Turns:
    """Starts workers by `start` and builds the entry in them; `close` ends the last.

    The time of all calls counts on from one worker of a role to the next, and a failure that was final stays.
    """

    def __init__(self, start: Callable[[str], Worker], building: Building, kept_kib: int):
        self._start, self._building, self._kept = start, building, 1024 * kept_kib
        self._role, self._worker = "", None
        self._seconds: dict[str, float] = {}
        self._failures: dict[str, Failure] = {}
        self._said: dict[str, str] = {}
        # What is behind the wall ends with the thread that started it, and who asks may be of a short life
        self._thread = ThreadPoolExecutor(1)

    def of(self, role: str) -> Worker:
        """The worker of a role, loaded; raises the `Failure` that was final for it."""
        if self._worker is None or self._role != role or self._worker.lost:
            self.end()
            if role in self._failures:
                raise self._failures[role].with_traceback(None)
            self._begin(role)
        assert self._worker
        return self._worker

    def _begin(self, role: str) -> None:
        worker = self._thread.submit(self._start, role).result()
        self._role, self._worker = role, worker
        worker.seconds_left = self._seconds.get(role, worker.seconds_left)
        self._building.read(worker)
        try:
            self._building.find(worker)
        except Failure as error:  # which every worker would meet
            worker.give_up(error)
            self._failures = dict.fromkeys(_ROLES, error)
        self._building.load(worker)
        worker.require()

    def end(self) -> None:
        """End the worker that is alive, with all its processes."""
        role, worker = self._role, self._worker
        if worker is None:
            return
        self._role, self._worker = "", None
        worker.close()
        self._seconds[role] = worker.seconds_left
        if worker.failure:
            self._failures.setdefault(role, worker.failure)
        self._keep(role, worker.said())

    def give_up(self, role: str, failure: Failure) -> Failure:
        """End the worker that is alive, and let a failure be final for a role; returns it."""
        self.end()
        self._failures[role] = failure
        return failure

    def _keep(self, role: str, text: str) -> None:
        """Keep what a worker printed, unless another printed the same."""
        if text and not any(text in kept for kept in self._said.values()):
            self._said[role] = (self._said.get(role, "") + text)[: self._kept]

    @property
    def failure(self) -> Failure | None:
        """The failure of every role."""
        self._note()
        return self._failures[_ROLES[0]] if len(self._failures) == len(_ROLES) else None

    def _note(self) -> None:
        if self._worker and self._worker.failure:
            self.end()

    def said(self) -> str:
        """What the workers printed, each distinct text once."""
        if self._worker:
            self._keep(self._role, self._worker.said())
        return "\n".join(f"--- {role} ---\n{text}" for role, text in self._said.items())

    def close(self) -> None:
        """End what is alive."""
        self.end()
        self._thread.shutdown()
