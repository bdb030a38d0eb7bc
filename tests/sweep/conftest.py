"""Sweeps whose trainings take no time are not waited for."""

import pytest

from flowleague.sweep import coordinator


@pytest.fixture(autouse=True, scope="session")
def _no_pause():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coordinator, "_PAUSE", 0.0)
        yield
