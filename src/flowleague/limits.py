"""How much an entry may use. Without torch.

Numbers carry their unit in their name. A contest sets its own in the table ``[limits]`` of a TOML file; what the
table does not name keeps its default.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from flowleague.errors import LimitsError

Whole = Annotated[int, Meta(ge=1, le=2**31)]
Seconds = Annotated[float, Meta(gt=0, le=1e7)]
MIB = 2**20


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one entry may use; worker processes share nothing, and each has these limits for itself.

    memory_mib      resident memory of all processes of a worker, and address space of each
    processes       processes and threads of a worker
    file_mib        size of any one file that is written inside
    tmp_mib         size of the private /tmp; it lies in memory
    weights_mib     size of all weight files together
    cpu_seconds     processor time of each process, over the whole measurement
    start_seconds   wall time for importing and loading, downloads not counted
    call_seconds    wall time of one call: at most 1,000 images to encode or decode, 2,048 to generate
    total_seconds   wall time of all calls of one function together
    output_kib      how much of what the entry prints is kept
    """

    memory_mib: Whole = 4096
    processes: Whole = 128
    file_mib: Whole = 512
    tmp_mib: Whole = 512
    weights_mib: Whole = 512
    cpu_seconds: Whole = 3600
    start_seconds: Seconds = 60.0
    call_seconds: Seconds = 120.0
    total_seconds: Seconds = 1800.0
    output_kib: Whole = 64

    def words(self) -> dict[str, float]:
        """The limits by name."""
        return msgspec.structs.asdict(self)


def read_limits(path: str | Path) -> Limits:
    """The limits in a TOML file, in its table ``[limits]`` or at the top; raises `LimitsError` that names the key."""
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LimitsError(f"The limits {path} cannot be read ({error.strerror}); name a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LimitsError(f"{path} is not TOML: {error}; write lines such as memory_mib = 4096.") from error
    return parse_limits(document.get("limits", document), str(path))


def parse_limits(table: object, where: str) -> Limits:
    """The limits in a table of names and numbers; raises `LimitsError` that names the key."""
    try:
        return msgspec.convert(table, Limits)
    except msgspec.ValidationError as error:
        key = re.search(r"(?:\$\.|unknown field `)(\w+)", str(error))
        what = f"the limit {key[1]} is wrong" if key else "the table of limits is wrong"
        known = ", ".join(Limits.__struct_fields__)
        raise LimitsError(f"In {where} {what}: {error}; there are {known}, all numbers above zero.") from error
