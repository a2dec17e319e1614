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
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        ends = np.cumsum(lengths)
        return cls(b"".join(texts), ends - lengths, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def cut(self, places: NDArray[np.int64] | slice = slice(None)) -> list[bytes]:
        """Cut out some texts, by default all."""
        starts, ends = self.starts[places].tolist(), self.ends[places].tolist()
        return [self.data[start:end] for start, end in zip(starts, ends, strict=True)]
