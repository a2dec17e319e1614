"""Queries over several lines.

sqlglot lays out the expressions, and this module writes the statement around them. For sqlglot to
read and write a whole statement of tiles takes as long as all else in a compilation, and most of
its expressions are the same in all plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import sqlglot


@dataclass(frozen=True)
class Select:
    """A query of a relation or of another query.

    Its parts are texts in the dialect, which goes by its name in sqlglot. An item is an expression
    and the name of its column, or a column's own name and none.
    """

    dialect: str
    items: tuple[tuple[str, str | None], ...]
    source: str | Select
    alias: str | None = None
    where: str | None = None
    group_by: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Lay out the text as sqlglot does it.

        A literal that goes over several lines is within one of these.
        """
        listed = [self._item(expression, name) for expression, name in self.items]
        lines = ["SELECT", *indented(_separated(listed)), *self._from()]
        if self.where is not None:
            lines += ["WHERE", *indented(_laid_out(self.where, self.dialect))]
        if self.group_by:
            lines += [
                "GROUP BY",
                *indented(_separated([_laid_out(part, self.dialect) for part in self.group_by])),
            ]
        return lines

    def _item(self, expression: str, name: str | None) -> tuple[str, ...]:
        if name is None:
            return (expression,)
        *lines, last = _laid_out(expression, self.dialect)
        return (*lines, f"{last} AS {name}")

    def _from(self) -> list[str]:
        named = f" AS {self.alias}" if self.alias is not None else ""
        if isinstance(self.source, str):
            return [f"FROM {self.source}{named}"]
        return ["FROM (", *indented(self.source.lines()), f"){named}"]


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Lines as a part of others."""
    return (f"  {line}" for line in lines)


def _separated(parts: list[tuple[str, ...]]) -> Iterator[str]:
    """Put commas between the lines of parts."""
    for part in parts[:-1]:
        *lines, last = part
        yield from lines
        yield f"{last},"
    yield from parts[-1]


@lru_cache(maxsize=4096)
def _laid_out(expression: str, dialect: str) -> tuple[str, ...]:
    if "\n" in expression:  # in a literal or a name, whose lines must not be indented
        return (expression,)
    laid_out: str = sqlglot.parse_one(expression, read=dialect).sql(
        dialect, pretty=True, copy=False
    )
    return tuple(laid_out.split("\n"))
