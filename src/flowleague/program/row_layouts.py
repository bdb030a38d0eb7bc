"""Where the rows of a program's values lie, and a program while it is written anew for fewer; see `rows`."""

from typing import Any, NamedTuple

from flowleague.program.format import Program, Step
from flowleague.program.values import Ref


class Layout(NamedTuple):
    """Where a value's rows lie: its axis, how many blocks of rows (o), and how many places each row has there (k)."""

    axis: int
    blocks: int = 1
    places: int = 1

    def size(self, rows: int) -> int:
        """The size of the axis with so many rows."""
        return self.blocks * rows * self.places


Layouts = tuple[Layout | None, ...]
Arguments = dict[str, Any]


class MixesRowsError(Exception):
    """The rows of a value are not apart, or not known to be."""


class New(NamedTuple):
    """A value by its number in the new program."""

    at: int


class Writer:
    """A program while it is written anew."""

    def __init__(self, program: Program, batch: int, rows: int) -> None:
        self.old, self.batch, self.rows = program, batch, rows
        self.specs = program.inferred.specs
        leading = [*program.inputs, *(draw.spec for draw in program.draws)]
        free = [Layout(0) if spec.shape[:1] == (batch,) else None for spec in leading]
        self.layouts: list[Layout | None] = [*free, *(None for _ in program.constants)]
        self.places = list(range(len(self.layouts)))  # of each old value among the new ones
        self.steps: list[Step] = []
        self.count = len(self.layouts)
        self.new_layouts = {at: layout for at, layout in enumerate(self.layouts) if layout}  # of the new values
        self.cuts: dict[int, int] = {}  # the steps that cut values, with the places of a row
        self._cut: dict[tuple[int, Layout], New] = {}

    def append(self, step: Step, results: int) -> None:
        """Add an operation."""
        self.steps.append(step)
        self.count += results

    def new_shape(self, at: int) -> tuple[int, ...]:
        """The new shape of an old value."""
        layout, shape = self.layouts[at], self.specs[at].shape
        return shape if layout is None else self.resized(shape, layout)

    def resized(self, shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
        """A shape for all rows, with the new number of rows."""
        return (*shape[: layout.axis], layout.size(self.rows), *shape[layout.axis + 1 :])

    def placed(self, value: Any) -> Any:
        """An argument in the new numbers; one that a rule has written already is marked by `New`."""
        if isinstance(value, New):
            return Ref(value.at)
        if isinstance(value, Ref):
            return Ref(self.places[value.at])
        return tuple(self.placed(one) for one in value) if isinstance(value, tuple) else value

    def layout(self, value: Any) -> Layout | None:
        """Where the rows of an old value lie."""
        return self.layouts[value.at] if isinstance(value, Ref) else None

    def shape(self, value: Ref) -> tuple[int, ...]:
        """The shape of an old value for all rows."""
        return self.specs[value.at].shape

    def cut(self, value: Ref, layout: Layout) -> New:
        """The rows that are wanted of a value that holds something for all rows, but is the same whatever they are."""
        shape, key = self.shape(value), (value.at, layout)
        if shape[layout.axis] != layout.size(self.batch):
            raise MixesRowsError
        if key not in self._cut:
            axis, kept = layout.axis, self.rows * layout.places
            apart = (*shape[:axis], layout.blocks, self.batch * layout.places, *shape[axis + 1 :])
            self._add("aten.view.default", self.placed(value), apart)
            self.cuts[len(self.steps)] = layout.places
            self._add("aten.slice.Tensor", Ref(self.count - 1), axis + 1, 0, kept)
            self._cut[key] = self._add("aten.view.default", Ref(self.count - 1), self.resized(shape, layout))
            self.new_layouts[self._cut[key].at] = layout
        return self._cut[key]

    def _add(self, name: str, *arguments: Any) -> New:
        self.append(Step(name, arguments), 1)
        return New(self.count - 1)
