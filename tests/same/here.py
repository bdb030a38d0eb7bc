"""Compares two recorded folders bit for bit; both must have been recorded on one machine.

python -m tests.same.here BEFORE AFTER       exits with 1 when anything differs, and says what
"""

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np


def differences(before: Path, after: Path) -> Iterator[str]:
    """What differs between two folders, a line each."""
    held = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (before, after)
    ]
    for name in sorted(held[0] | held[1]):
        one, other = before / name, after / name
        if name not in held[0] or name not in held[1]:
            yield f"{name}: only in {before if name in held[0] else after}"
        elif one.read_bytes() != other.read_bytes():
            yield from (f"{name}: {what}" for what in (arrays if name.endswith(".npz") else lines)(one, other))


def arrays(one: Path, other: Path) -> Iterator[str]:
    """How the arrays of two files differ."""
    with np.load(one) as a, np.load(other) as b:
        for key in sorted({*a.files, *b.files}):
            if key not in a.files or key not in b.files or a[key].shape != b[key].shape or a[key].dtype != b[key].dtype:
                yield f"'{key}' is only in one of them, or of another shape or type"
            elif a[key].tobytes() != b[key].tobytes():
                moved = a[key] != b[key]
                size = np.abs(a[key][moved] - b[key][moved]).max(initial=0)
                yield f"'{key}' differs by up to {size:.3g}"


def lines(one: Path, other: Path) -> Iterator[str]:
    """The first line in which two texts differ."""
    both = zip_longest(*(path.read_bytes().split(b"\n") for path in (one, other)))
    for number, (a, b) in enumerate(both, 1):
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a or b"", b or b"", strict=False)) if x != y), 0)
            shown = [
                repr(line[max(at - 30, 0) : at + 50].decode(errors="replace")) if line else "nothing" for line in (a, b)
            ]
            yield f"line {number}: {shown[0]} became {shown[1]}"
            return


def main(before: Path, after: Path) -> int:
    """Print what differs; the number of differences as an exit status of 0 or 1."""
    for folder in (before, after):
        if not folder.is_dir():
            print(f"{folder} is no folder; record one with: python -m tests.same.record FOLDER")
            return 2
    found = list(differences(before, after))
    print("\n".join(found) or "equal")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
