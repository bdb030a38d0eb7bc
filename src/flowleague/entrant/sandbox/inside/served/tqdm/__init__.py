"""tqdm without a bar: the loop alone."""

from collections.abc import Iterator
from typing import Any


class tqdm:  # noqa: N801
    """Yields what it is given."""

    def __init__(self, iterable: Any = (), *rest: Any, **options: Any):
        self.iterable, self.n, self.total = iterable, 0, options.get("total")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> "tqdm":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def update(self, n: int = 1) -> None:
        """Count on."""
        self.n += n

    def _ignore(self, *arguments: Any, **options: Any) -> None:
        pass

    set_description = set_postfix = set_postfix_str = set_description_str = refresh = reset = close = clear = _ignore

    @staticmethod
    def write(*text: Any, **options: Any) -> None:
        """Print."""
        print(*text)


def trange(*bounds: int, **options: Any) -> tqdm:
    """`tqdm(range(...))`."""
    return tqdm(range(*bounds), **options)
