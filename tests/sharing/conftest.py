"""A stand-in for the services, no pauses, and a file to share."""

import traceback
from collections.abc import Callable, Iterator

import pytest
from tests.sharing.stand_in import SECRET, StandIn, serving

from flowleague.errors import NetworkError, ShareError
from flowleague.sharing import Upload


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, in seconds; no time passes."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def upload() -> Upload:
    return Upload("quick.zip", bytes(range(256)) * 5000)


@pytest.fixture
def refused() -> Callable[..., str]:
    """The sentence with which a call fails; no secret is in it, nor in anything that hangs on the exception."""

    def call(function: Callable[..., object], *arguments: object, **options: object) -> str:
        with pytest.raises((ShareError, NetworkError)) as error:
            function(*arguments, **options)
        everything = "".join(traceback.format_exception(error.value))
        chain: BaseException | None = error.value
        while chain is not None:
            everything += repr(chain) + repr(vars(chain))
            chain = None if chain.__suppress_context__ else chain.__cause__ or chain.__context__
        assert SECRET not in everything
        assert str(error.value).endswith(".")
        assert "\n" not in str(error.value)
        return str(error.value)

    return call
