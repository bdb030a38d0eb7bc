"""Optuna's study of a sweep: it asks for trials and is told their values; its journal is a file in the folder.

Trials are found by their numbers, so that a coordinator takes up what another one, which died, had asked for.
"""

from collections.abc import Sequence
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study, StudyDirection
from optuna.trial import TrialState

from flowleague.sweep.plan import JOURNAL, Plan
from flowleague.sweep.space import Dial

_NAME = "sweep"
_WHY = "why "  # begins the attribute that says why a trial failed


def open_study(folder: Path, plan: Plan) -> Study:
    """The study of a sweep, begun or taken up; call it alone with the folder."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / JOURNAL
    _mend(path)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    aims: dict[str, StudyDirection] = {"minimise": StudyDirection.MINIMIZE, "maximise": StudyDirection.MAXIMIZE}
    directions = [aims[objective.goal] for objective in plan.objectives]
    study = optuna.create_study(storage=storage, study_name=_NAME, directions=directions, load_if_exists=True)
    # A sampler that began at the same seed again would draw the same first trials again
    study.sampler = optuna.samplers.TPESampler(seed=len(study.trials), constant_liar=True)
    return study


def _mend(journal: Path) -> None:
    """Remove what a coordinator left that was killed while it wrote: half a line, and a lock."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists() and not (raw := journal.read_bytes()).endswith(b"\n"):
        journal.write_bytes(raw[: raw.rfind(b"\n") + 1])


def distributions(dials: Sequence[Dial]) -> dict[str, BaseDistribution]:
    """The dials as Optuna knows them."""
    found: dict[str, BaseDistribution] = {}
    for dial in dials:
        if dial.choices:
            found[dial.key] = CategoricalDistribution(dial.choices)
        elif isinstance(dial.low, int) and isinstance(dial.high, int):
            found[dial.key] = IntDistribution(dial.low, dial.high, log=dial.log)
        else:
            found[dial.key] = FloatDistribution(dial.low, dial.high, log=dial.log)
    return found


def tell(study: Study, number: int, values: Sequence[float]) -> None:
    """Tell the values of a trial."""
    study.tell(number, list(values))


def tell_failed(study: Study, number: int, why: str) -> None:
    """Tell that a trial has no values, and keep the reason."""
    study.set_user_attr(f"{_WHY}{number}", why)
    study.tell(number, state=TrialState.FAIL)


def why_failed(study: Study) -> dict[int, str]:
    """Why trials failed, by their numbers."""
    said = study.user_attrs
    return {int(key.removeprefix(_WHY)): str(why) for key, why in said.items() if key.startswith(_WHY)}
