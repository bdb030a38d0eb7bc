"""A contest on every engine, local here, Slurm and Ray in the long tests; workers that die, and what they leave."""

# ruff: noqa: F811 - fixtures are imported, and named again as arguments

import pytest
from filelock import FileLock
from tests.contest.conftest import SCORER
from tests.engines.clusters import engine, ray_cluster, ray_nodes, slurm_cluster  # noqa: F401 - fixtures

from flowleague.contest.evaluate import evaluate
from flowleague.contest.events import Failure, Score
from flowleague.contest.verify import verify
from flowleague.engines.job import Ended
from flowleague.engines.local import Local


def test_a_contest_is_measured_and_verified(engine, contest, send):
    ids = {send(team, f"# fine\n{team}").id for team in "abc"} | {send("bad", "# refuse").id}
    written = evaluate(contest, engine=engine, scorer=SCORER)
    assert {one.id for one in written} == ids
    assert sorted(type(one).__name__ for one in written) == ["Failure", "Score", "Score", "Score"]
    assert not list((contest / ".measuring").glob("*/"))
    assert verify(contest).faults == []


class Dying:
    """An engine whose workers die the first times that a job is begun."""

    def __init__(self, deaths):
        self.deaths, self.begun, self.engine = deaths, [], Local()

    def width(self, threads, memory_gib):
        return 2

    def start(self, job):
        self.begun.append(job.place.name)
        if len(self.begun) > self.deaths:
            self.engine.start(job)

    def poll(self, job):
        return self.engine.poll(job) if len(self.begun) > self.deaths else Ended(None)

    def cancel(self, job):
        self.engine.cancel(job)


@pytest.mark.parametrize(("deaths", "kind"), [(2, Score), (3, Failure)])
def test_a_dead_worker_is_replaced_twice_and_then_the_machine_is_blamed(deaths, kind, contest, send):
    send("a", "# fine")
    engine = Dying(deaths)
    (measured,) = evaluate(contest, engine=engine, scorer=SCORER)
    assert type(measured) is kind
    assert engine.begun == ["1-1", "1-2", "1-3"]
    if isinstance(measured, Failure):
        assert measured.reason == "The evaluator lost the machine that measured it, each time that it was tried."


def test_what_a_killed_evaluator_left_of_recorded_entries_is_removed(contest, send):
    done, busy = send("a", "# fine"), send("b", "# fine\nb")
    evaluate(contest, scorer=SCORER)
    left = [contest / ".measuring" / sent.id / "1-1" for sent in (done, busy)]
    for place in left:
        place.mkdir(parents=True)
        (place / "scorecard.json").write_text("{}")
    with FileLock(left[1].parent.with_suffix(".lock")):  # of an evaluator that is still clearing up
        evaluate(contest, scorer=SCORER)
        assert [place.parent.exists() for place in left] == [False, True]
    evaluate(contest, scorer=SCORER)
    assert not left[1].parent.exists()
