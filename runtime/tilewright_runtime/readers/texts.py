"""Texts that lie one after the other in some bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NEWLINE = ord("\n")


@dataclass(frozen=True)
class Texts:
    """Texts, each between its start and its end."""

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def lines(cls, data: bytes) -> Texts:
        """Split lines, the last with or without a newline."""
        newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
        ends = newlines if data.endswith(b"\n") else np.append(newlines, len(data))
        return cls(data, np.append(0, ends[:-1] + 1), ends)

    @classmethod
    def joined(cls, texts: Sequence[bytes]) -> Texts:
        """Put texts one after the other."""
        return cls.adjoining(b"".join(texts), np.fromiter(map(len, texts), np.int64, len(texts)))

    @classmethod
    def adjoining(cls, data: bytes, lengths: NDArray[np.int64]) -> Texts:
        """Split texts with nothing between them."""
        ends = np.cumsum(lengths)
        return cls(data, ends - lengths, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Texts:
        """Give some texts alone; their bytes stay where they are."""
        return Texts(self.data, self.starts[places], self.ends[places])

    def cut(self) -> list[bytes]:
        """Cut out the texts."""
        starts, ends = self.starts.tolist(), self.ends.tolist()
        return [self.data[start:end] for start, end in zip(starts, ends, strict=True)]
