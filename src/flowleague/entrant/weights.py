"""The weight files of one entry: given in a folder, or downloaded when the entry asks; counted and hashed outside the
sandbox.
"""

import hashlib
import lzma
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import safetensors

from flowleague.bundle.files import LOG_FILE
from flowleague.entrant.download import fetch_weights
from flowleague.entrant.model import WeightFile
from flowleague.entrant.sandbox.worker import Wanted
from flowleague.errors import EntryError, NetworkError
from flowleague.files import read_regular
from flowleague.limits import MIB, Limits
from flowleague.weight_files import instead_of_weights

_MOST_LINKS = 10
_READ, _FREE = 2**20, 2**14  # bytes of a header that are compressed to be counted, and compressed ones that are free
# Entries, and what scoring leaves beside them
_NO_WEIGHTS = (".py", ".ipynb", LOG_FILE, ".scorecard.json", ".said.txt")
Download = Callable[[str, int], Path]  # link and limit in bytes -> file


class Weights:
    """A folder that the entry sees read-only, filled before it starts or while it loads.

    With `given`, files are found by name in that folder and nothing is fetched.
    """

    def __init__(
        self, folder: Path, seen_at: str, limits: Limits, given: Path | None, download: Download | None = None
    ):
        self._folder, self._seen_at, self._given = folder, seen_at, given
        self._download = download or fetch_weights
        self._most = limits.weights_mib * MIB
        self._by_link: dict[str, str] = {}
        self._asked: set[str] = set()
        self.files: dict[str, WeightFile] = {}
        self.refusal: EntryError | None = None  # of the last file that could not be delivered
        self.outage: NetworkError | None = None  # of the network; raised where the file was needed
        folder.mkdir(mode=0o755)
        for path in sorted(given.iterdir()) if given else ():
            if path.is_file() and not path.is_symlink() and not path.name.endswith(_NO_WEIGHTS):
                self._add(path.name, path)

    def answer(self, wanted: Wanted) -> dict[str, str]:
        """The path of a file that the entry asks for, or why there is none."""
        try:
            return {"path": f"{self._seen_at}/{self._find(wanted)}", "error": ""}
        except (EntryError, NetworkError) as error:
            if isinstance(error, EntryError):
                self.refusal = error
            else:
                self.outage = error
            return {"path": "", "error": str(error)}

    def _find(self, wanted: Wanted) -> str:
        name = "".join(c if c.isalnum() or c in "-_. " else "_" for c in Path(wanted.name).name)[:100].lstrip(".")
        if self._given:
            if name not in self.files:
                hint = f"The folder holds {', '.join(self.files) or 'no file'}."
                raise EntryError("weights_unavailable", f"The entry asks for {name}, which was not sent in.", hint)
            return name
        if wanted.url not in self._by_link:
            self._asked.add(wanted.url)
            if len(self._asked) > _MOST_LINKS:
                hint = "Keep all weights in a few files."
                raise EntryError("weights_unavailable", f"The entry asks for more than {_MOST_LINKS} files.", hint)
            path = self._download(wanted.url, self._most - sum(file.bytes for file in self.files.values()))
            number = f"{len(self.files)}-" if name in self.files else ""
            self._by_link[wanted.url] = self._add(f"{number}{name or 'weights'}", path)
        return self._by_link[wanted.url]

    def _add(self, name: str, path: Path) -> str:
        left = self._most - sum(file.bytes for file in self.files.values())
        try:
            content = read_regular(path, left)
        except OSError as error:
            raise EntryError("weights_unavailable", f"{name} cannot be read: {error.strerror}.", "Check it.") from error
        if len(content) > left:
            hint = "Keep other files elsewhere, or save the weights alone, as float32."
            raise EntryError("weights_too_large", f"The weights are larger than {self._most // MIB} MiB.", hint)
        if wrong := instead_of_weights(content):
            raise EntryError("weights_unavailable", f"{name} {wrong[0]}.", wrong[1])
        copy = self._folder / name
        copy.write_bytes(content)
        copy.chmod(0o644)
        self.files[name] = WeightFile(
            name, hashlib.sha256(content).hexdigest(), len(content), parameters_in(name, content)
        )
        return name


def parameters_in(name: str, content: bytes) -> int:
    """The number of parameters in a safetensors file; in other files, four bytes count as one.

    A tensor of wide numbers counts in units of 32 bits, for several may be packed into one. Names and metadata are
    data too: what is more than 16 KiB of them, compressed, counts likewise.
    """
    if name.endswith(".safetensors"):
        with suppress(safetensors.SafetensorError):  # the entry fails in the same way when it loads the file
            tensors = [(math.prod(one["shape"]), len(one["data"])) for _, one in safetensors.deserialize(content)]
            header = content[8 : 8 + int.from_bytes(content[:8], "little")]
            told = len(lzma.compress(header)) if len(header) <= _READ else len(header)
            held = sum(max(numbers, size // 4) if numbers > 1 else numbers for numbers, size in tensors)
            return held + max(told - _FREE, 0) // 4
    return len(content) // 4
