"""What the runtime knows of a kind of state and of an operation, and how the files of `states` that
say it are found.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import State

from ..errors import PlanError
from .fields import Bytes, FieldCodec

if TYPE_CHECKING:
    import pyarrow as pa

    from .grouped_values import GroupedValues
    from .values import Finalizer, FinalizerContext

#: Rows of records as (tiles, words): words of 8 bytes, of which floats are seen through a view.
Rows = NDArray[np.int64]
Places = NDArray[np.intp]

NUMPY_DTYPES: dict[str, Any] = {"i64": np.int64, "f64": np.float64}


@dataclass(frozen=True)
class MergeGroup:
    """Numbers of one state that merge together, where numpy has no function that merges each by
    itself.

    What is called a text here is the state's field of changing length, if the numbers decide which
    of several is kept.
    """

    state: str
    """The id of the state."""

    @property
    def text(self) -> str | None:
        """The name of its text; None if it has none."""
        return None

    @property
    def floats(self) -> Sequence[int]:
        """The words that hold doubles."""
        return ()

    @property
    def made(self) -> Sequence[int]:
        """The words that are no columns of a row of a tile, since `build` makes them."""
        return ()

    def empty(self) -> Mapping[int, int | float]:
        """What an empty tile holds, by word, where that is not 0."""
        return {}

    def build(self, table: pa.Table, rows: Rows) -> None:
        """Makes the words of `made` in rows that are otherwise complete, from a table with a row of
        a tile for each.
        """

    def merge_pairs(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> NDArray[np.bool_] | None:
        """Puts each older row merged with the newer one into `rows`; returns where the older one's
        text is kept.
        """
        raise NotImplementedError

    def merge_runs(self, parts: Rows, rows: Rows, begins: Places, ends: Places) -> Places | None:
        """Puts each run of parts into `rows`, oldest part first, no two of one time; returns which
        one's text is kept.
        """
        raise NotImplementedError

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> int | None:
        """The same of one run, into Python numbers by word; None where no text is kept."""
        raise NotImplementedError

    def magnitudes(self, rows: Rows) -> Mapping[int, float]:
        """What the doubles of one row are sums of, by word: the order of events may change them by
        a small part of that.
        """
        return {}

    def mark_missing(self, numbers: list[Any]) -> None:
        """Puts None in the place of those numbers of a row that stand for no value."""


@dataclass(frozen=True)
class StateType:
    """One kind of state: its numbers, its field of changing length, or both."""

    numbers: Callable[[State, GroupedValues], Mapping[str, NDArray[Any]]] = lambda state, runs: {}
    """Made of raw events: for each run the value of every number."""
    column: Callable[[State, GroupedValues], pa.Array] | None = None
    """Made of raw events: for each run what the tile query would give to build the field of
    changing length from.
    """
    variable: Callable[[State], FieldCodec] | None = None
    """How that field is built, merged and encoded."""
    merge_group: Callable[[str, Mapping[str, int], Mapping[str, str]], MergeGroup] | None = None
    """From a state's id, and the words and the types (`i64`, `f64`) of its numbers by field, to how
    they merge together.

    None where numpy has a function for each of them.
    """
    difference: Callable[[bytes, bytes], str | None] | None = None
    """What is wrong with the second of two fields of changing length that were made of the same
    events, or None.

    None where those are the same bytes, whatever the order of the events.
    """
    has_value: (
        Callable[[FinalizerContext, int], Callable[[Sequence[Any], Mapping[str, Any]], bool]] | None
    ) = None
    """For the n-th state of a feature the function that tells whether it is of any value.

    None where only another state or the presence of bytes can tell.
    """


def kind_of(name: str) -> StateType:
    """The kind of a name. Raises PlanError if there is none."""
    kind: StateType = _found("KINDS", name, "states of the kind")
    return kind


def finalizer_of(operation: str, prorated: bool) -> Callable[[FinalizerContext], Finalizer]:
    """How the value of an operation is made of its states, or of parts of them.

    Raises PlanError if it is unknown.
    """
    finalizer: Callable[[FinalizerContext], Finalizer] = _found(
        "PRORATED" if prorated else "FINALIZERS", operation, "the operation"
    )
    return finalizer


def _found(table: str, name: str, what: str) -> Any:
    found = _tables(table)
    if name not in found:
        raise PlanError(
            f"the plan has {what} {name!r}, which this version of Tilewright does not know. Run "
            "it with the one that compiled it."
        )
    return found[name]


@cache
def _tables(name: str) -> dict[str, Any]:
    """The tables of one name of all modules of the package `states`, as one."""
    package = importlib.import_module(f"{__package__}.kinds")
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
    ]
    return {key: value for module in modules for key, value in getattr(module, name, {}).items()}
