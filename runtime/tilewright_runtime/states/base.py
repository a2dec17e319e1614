"""What kinds of states do, and how they are found."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from tilewright_compiler.plan.model import Feature, State

from ..errors import PlanError
from ..lazily import np
from .fields import Bytes, FieldCodec, Fields
from .values import Merged

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from .grouped_values import GroupedValues

#: Rows of records, as (tiles, words). A word has 8 bytes; a view shows the words that are floats.
Rows: TypeAlias = "NDArray[np.int64]"
Indices: TypeAlias = "NDArray[np.intp]"

NUMPY_DTYPES = {"i64": "<i8", "f64": "<f8"}

#: The files of `kinds` that are looked into first: those that nearly every plan needs, then those
#: that need no sketches.
_COMMON = ("extremes", "sums", "endpoints", "moments")

#: How the kernel finalizes an operation: the name of a form, and the words and constants that it
#: needs.
Form = tuple[str, list[int]]

#: family of a type -> the form of its values, where a tile keeps the value itself
NUMBERS: dict[str | None, str] = {"float": "float", "integer": "integer"}


class KernelSketch(NamedTuple):
    """How the kernel answers by the sketches of a field."""

    form: str
    """`digest`, `kll`, `distinct` or `frequent`."""
    numbers: list[float]
    """Ranks, the size of a sketch, or how many values are asked for."""
    finish: Callable[[bytes], Any] | None = None
    """Makes the value of a sketch, where the kernel cannot."""


class KernelMerge(NamedTuple):
    """How the kernel merges numbers that merge together."""

    kind: str
    """`endpoint` or `moments`."""
    arguments: tuple[int, ...]


class Placement(NamedTuple):
    """A state of a plan, and where its fields stand."""

    state: State
    words: Mapping[str, int]
    """The word of each number."""
    dtypes: Mapping[str, str]
    """The type of each number, `i64` or `f64`."""
    field: str | None
    """The field of changing length in full, `{state}.{field}`; None if there is none."""


class StateType(FieldCodec):
    """One state of a record: built, merged, encoded and finalized.

    A kind of state is a subclass. It overrides what its numbers and its field of changing length
    need. Numbers that numpy merges one by one (`add`, `min`, `max`) need nothing.
    """

    merges_numbers: ClassVar[bool] = False
    """Whether its numbers merge together, by the methods below, instead of one by one."""

    adds_lists: ClassVar[bool] = False
    """Whether `from_column` takes the lists of neighbouring tiles as one list."""

    states_error: ClassVar[bool] = False
    """Whether `max_error` bounds how far a count may be off."""

    def __init__(self, placement: Placement) -> None:
        self.state, self.words, self.dtypes, self.field = placement
        self.id = self.state.id
        self.tells_presence = self.field is not None
        """Whether `has_value` can tell that a bucket holds a value: bytes do so by being there."""

    # Its values.

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any] | Fields]:
        """Make every field of each group of values.

        A number becomes an array, a field of changing length the bytes of each group.
        """
        raise NotImplementedError

    def from_column(self, column: pa.Array) -> Fields:
        """Make the bytes of each tile.

        The column is what the tile query gives for the field.
        """
        raise NotImplementedError

    def has_value(self, merged: Merged) -> bool:
        """Tell whether merged states hold any value."""
        return self.field is not None and merged.objects[self.field] is not None

    def max_error(self, merged: Merged) -> int:
        """Return how far off a count may be.

        The count is made of merged states.
        """
        return 0

    def difference(self, want: bytes, got: bytes) -> str | None:
        """Describe how bytes of the same values differ.

        Returns None if they agree; sketches may agree without being equal.
        """
        return f"is {got!r}, not {want!r}"

    # Numbers that merge together, where numpy has no function that merges each by itself.

    @property
    def text(self) -> str | None:
        """Name the field that the numbers decide, if any.

        It is a field of changing length that goes with the numbers.
        """
        return None

    @property
    def floats(self) -> Sequence[int]:
        """The words that hold doubles."""
        return ()

    @property
    def derived_words(self) -> Sequence[int]:
        """The words that `derive` fills.

        No column of a tile's row holds them.
        """
        return ()

    def empty(self) -> Mapping[int, int | float]:
        """Return what an empty tile holds, by word.

        Words that hold 0 are left out.
        """
        return {}

    def derive(self, table: pa.Table, rows: Rows) -> None:
        """Fill `derived_words` in rows.

        The table has a row for each of them.
        """

    def merge_rows(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> NDArray[np.bool_] | None:
        """Merge each older row with a newer one into `rows`.

        Returns where the older row's text is kept.
        """
        raise NotImplementedError

    def merge_runs(self, parts: Rows, rows: Rows, begins: Indices, ends: Indices) -> Indices | None:
        """Merge each run of parts into `rows`.

        A run is ordered oldest first and has no two parts of one time. Returns the index of the
        part whose text is kept.
        """
        raise NotImplementedError

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> int | None:
        """Merge one run into Python numbers by word.

        The run is as for `merge_runs`.
        """
        raise NotImplementedError

    def mark_missing(self, numbers: list[Any]) -> None:
        """Replace numbers that stand for no value by None."""

    @property
    def kernel_merge(self) -> KernelMerge | None:
        """How the kernel merges the numbers, None if it cannot."""
        return None

    def kernel_sketch(self, feature: Feature) -> KernelSketch | None:
        """Say how the kernel answers a feature, None if it cannot."""
        return None

    def magnitudes(self, rows: Rows) -> Mapping[int, float]:
        """Return the size of what each double sums up.

        The sizes are by word, for one row. The order of events may change a double by a small part
        of its size.
        """
        return {}


def kind_of(name: str) -> type[StateType]:
    """Find the kind of a name.

    Raises PlanError if there is none.
    """
    kind: type[StateType] = _lookup("KINDS", name, "states of the kind")
    return kind


def finalizer_of(operation: str, prorated: bool) -> Callable[..., Any]:
    """Find the function that finalizes an operation.

    It takes the operation's states, the feature and `Merged`, and returns the value. Raises
    PlanError if the operation is unknown.
    """
    table = "PRORATED" if prorated else "FINALIZERS"
    finalizer: Callable[..., Any] = _lookup(table, operation, "the operation")
    return finalizer


def kernel_form(operation: str, states: Sequence[StateType], feature: Feature) -> Form | None:
    """Say how the kernel finalizes an operation.

    Returns None where Python has to.
    """
    file = _file_with("FINALIZERS", operation)
    form_of = getattr(file, "FORMS", {}).get(operation)
    form: Form | None = None if form_of is None else form_of(*states, feature)
    return form


def _lookup(table: str, name: str, what: str) -> Any:
    file = _file_with(table, name)
    if file is None:
        raise PlanError(
            f"the plan has {what} {name!r}, which this version of Tilewright does not know. Run "
            "it with the version that compiled it."
        )
    return getattr(file, table)[name]


@cache
def _file_with(table: str, name: str) -> ModuleType | None:
    """Find the file of `kinds` whose table has a name.

    Files are imported one by one until it is found: a fetch needs few of them.
    """
    package = importlib.import_module(f"{__package__}.kinds")
    for file in _files(package):
        module = importlib.import_module(f"{package.__name__}.{file}")
        if name in getattr(module, table, {}):
            return module
    return None


@cache
def _files(package: ModuleType) -> list[str]:
    """Name the files of kinds, the most needed first."""
    names = [module.name for module in iter_modules(package.__path__)]
    return [*_COMMON, *(name for name in names if name not in _COMMON)]
