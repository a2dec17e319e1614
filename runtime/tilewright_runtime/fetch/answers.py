"""The answers of fetches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Plan

from ..times import iso
from .context import FetchState, Later
from .tiles import Tiles

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


#: What stands in the place of tiles that are not needed any more.
_LET_GO = Tiles()


class Answer(Later):
    """The features of some keys at a time.

    The time is in epoch milliseconds. `quality` is empty if they are clean, unless a full report
    was asked for.
    """

    __slots__ = __match_args__ = ("keys", "at", "features", "quality")

    keys: dict[str, Any]
    at: int
    features: dict[str, Any]
    quality: dict[str, Any]

    def __init__(
        self,
        keys: dict[str, Any],
        at: int,
        features: dict[str, Any],
        quality: dict[str, Any] | None = None,
    ) -> None:
        self.keys = keys
        self.at = at
        self.features = features
        self.quality = {} if quality is None else quality

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy or pickle the values alone."""
        return Answer, (self.keys, self.at, self.features, self.quality)

    def _repr_html_(self) -> str:
        """Show the answer in a notebook."""
        from html import escape

        parts = {"keys": self.keys, "at": {"at": iso(self.at)}, "features": self.features}
        rows = "".join(
            f"<tr><th>{escape(str(name))}</th><td>{escape(repr(value))}</td></tr>"
            for part in (*parts.values(), (self.quality and {"quality": self.quality}) or {})
            for name, value in part.items()
        )
        return f"<table>{rows}</table>"


class Answers(list[Answer]):
    """Many answers: a list that can become a table.

    A table has the key columns, `at` and the features, with the types of the plan.
    """

    def __init__(self, answers: Iterable[Answer], plan: Plan, names: Sequence[str]) -> None:
        super().__init__(answers)
        self._plan = plan
        self._names = names

    def to_arrow(self) -> pyarrow.Table:
        """Make a table of pyarrow."""
        from .frames import answers_table

        columns: list[list[Any]] = []
        for key in self._plan.keys:
            columns.append([answer.keys[key.name] for answer in self])
        columns.append([answer.at for answer in self])
        for name in self._names:
            columns.append([answer.features[name] for answer in self])
        return answers_table(self._plan, self._names, columns)

    def to_pandas(self) -> pandas.DataFrame:
        """Make a frame of pandas, with Arrow's types."""
        import pandas

        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """Make a frame of polars."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)
        return frame


def answers_of(states: Iterable[FetchState]) -> list[Answer]:
    """Make the answers to requests, and let their tiles go.

    Of many requests they would be in memory at once, and slow down the garbage collector.
    """
    answers = []
    for state in states:
        answers.append(answer_of(state))
        state.tiles = _LET_GO
    return answers


def answer_of(state: FetchState) -> Answer:
    """Make the answer to a request that took all steps."""
    keys, later = dict(state.keys), state.later
    if later is None:
        return Answer(keys, state.at_ms, state.features, state.quality)
    answer = Answer.__new__(Answer)
    answer.keys, answer.at, answer.quality, answer.later = keys, state.at_ms, state.quality, later
    return answer
