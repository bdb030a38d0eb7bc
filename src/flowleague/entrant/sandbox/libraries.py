"""The shared libraries of the system that Python and its packages load, found as the dynamic linker finds them.

Only these are shown inside the sandbox. They are what the ELF files name as needed, and what those need in turn.
"""

import os
import struct
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3  # kinds of program headers
_NEEDED, _STRINGS, _RPATH, _RUNPATH = 1, 5, 15, 29  # tags of the dynamic section
_BY_NAME = ("libgcc_s.so.1",)  # what glibc opens by itself, to unwind a thread's stack
_LONGEST = 4096  # bytes of a string


def needed(files: Iterable[Path]) -> dict[Path, Path]:
    """Where each library of the system is looked for, in folders without links, and the file that lies there.

    Libraries that lie beside the file that needs them, as those of wheels do, are not of the system and not named.
    """
    found: dict[Path, Path] = {}
    ahead, seen = list(files), set[Path]()
    for name in _BY_NAME:
        ahead += _placed(found, _first(name, ()))
    while ahead:
        file = ahead.pop()
        if file in seen:
            continue
        seen.add(file)
        names, folders = _dynamic(file)
        for name in names:
            place = Path(name) if name.startswith("/") else _first(name, folders)
            if place and not any(part in ("site-packages", "dist-packages") for part in place.parts):
                ahead += _placed(found, place)
    return found


def _placed(found: dict[Path, Path], place: Path | None) -> list[Path]:
    if not place or not os.path.exists(place):  # which says no where `Path.exists` is not permitted to look
        return []
    file = place.resolve()
    found[place.parent.resolve() / place.name] = file
    return [file]


def _first(name: str, folders: Iterable[Path]) -> Path | None:
    """The first file of a name in the folders or in those of the system."""
    return next((folder / name for folder in (*folders, *_system()) if os.path.exists(folder / name)), None)


def _system() -> Iterator[Path]:
    multiarch = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
    for folder in ("/lib", "/usr/lib", "/usr/local/lib"):
        yield Path(folder) / multiarch
        yield Path(folder)
        yield Path(f"{folder}64")


def _dynamic(file: Path) -> tuple[list[str], list[Path]]:
    """The libraries that an ELF file of 64 bits needs, its interpreter too, and the folders it looks in; else none."""
    with file.open("rb") as raw:
        head = raw.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
            return [], []
        (offset,), (size, count) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
        raw.seek(offset)
        table = raw.read(size * count)
        # kind, flags, offset, address, physical address, size in the file
        headers = [struct.unpack_from("<IIQQQQ", table, at) for at in range(0, len(table), size)]
        loads = [(address, offset, size) for kind, _, offset, address, _, size in headers if kind == _LOAD]

        def text(at: int) -> str:
            raw.seek(at)
            return raw.read(_LONGEST).partition(b"\0")[0].decode(errors="replace")

        names, tags = [text(h[2]) for h in headers if h[0] == _INTERPRETER], []
        for _, _, offset, _, _, size in (h for h in headers if h[0] == _DYNAMIC):
            raw.seek(offset)
            tags += list(struct.iter_unpack("<QQ", raw.read(size - size % 16)))
        at = next((value for tag, value in tags if tag == _STRINGS), 0)
        strings = next((at - address + offset for address, offset, size in loads if address <= at < address + size), 0)
        names += [text(strings + value) for tag, value in tags if tag == _NEEDED]
        paths = [text(strings + value) for tag, value in tags if tag in (_RPATH, _RUNPATH)]
    origin = os.fspath(file.parent)
    return names, [
        Path(part.replace("${ORIGIN}", origin).replace("$ORIGIN", origin))
        for path in paths
        for part in path.split(":")
        if part
    ]
