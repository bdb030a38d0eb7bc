"""entry.toml, which a team may put beside its entry: what the team is called, which file it means, what it declares."""

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from flowleague.contest.rules import Text
from flowleague.ranking.field import Compute

STATEMENT = "entry.toml"
STATEMENT_LIMIT = 10_000  # bytes
Size = Annotated[float, Meta(ge=0, le=1e6)]


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry.toml says; empty where it says nothing."""

    team: Text = ""
    file: Text = ""
    hours: Size | None = None
    gpu: Annotated[str, Meta(max_length=200)] | None = None
    memory: Size | None = None
    trained_on: Annotated[tuple[Text, ...], Meta(max_length=20)] | None = None
    from_scratch: bool | None = None

    @property
    def said(self) -> Compute:
        """The training as the team declares it."""
        return Compute(self.hours, self.gpu, self.memory, self.trained_on, self.from_scratch)


def read_statement(raw: bytes) -> Statement:
    """Read an entry.toml; raises `ValueError` with a short reason."""
    if len(raw) > STATEMENT_LIMIT:
        raise ValueError(f"it has more than {STATEMENT_LIMIT:,} bytes")
    try:
        return msgspec.convert(tomllib.loads(raw.decode("utf-8-sig")), Statement)
    except (RecursionError, msgspec.ValidationError) as error:
        raise ValueError(str(error)) from error
