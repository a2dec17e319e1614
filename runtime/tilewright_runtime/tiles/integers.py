"""Whole numbers in an array, used as a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from ..lazily import np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Integers(Sequence[int]):
    """Whole numbers in an array.

    They become Python's where they are asked for.
    """

    def __init__(self, array: NDArray[np.int64]) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Integers: ...
    def __getitem__(self, index: int | slice) -> int | Integers:
        part = self._array[index]
        return Integers(part) if isinstance(index, slice) else int(part)

    def __iter__(self) -> Iterator[int]:
        return iter(self._array.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Give the array where numpy asks for one."""
        return np.array(self._array, dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._array.tolist())
