"""The author's expressions in Flink SQL.

A table says for each part what gives the same value there; what is not in it is refused.

The way goes over the DuckDB SQL that the embedded writer runs, which says in full what the author's
dialect means. A timestamp is a BIGINT of microseconds inside a job, since Flink has no way to take
the number out of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from ...plan.model import Source
from ...sql.flink import Flink
from ...sql.tree import Node, NotTranslatable
from ..binder import Binder
from ..failures import uncontained
from ..parsing import ExpressionError, shown
from . import conditions as flink_conditions
from . import numbers as flink_numbers
from . import texts as flink_texts
from . import times as flink_times
from .translator import Rule, Translation


@dataclass(frozen=True)
class Translated:
    """An expression in Flink SQL, with its type and columns.

    The type is DuckDB's; the columns are those that it reads. `overflows` are the conditions under
    which whole numbers in it go beyond their types.
    """

    tree: Node
    type: str
    columns: tuple[str, ...]
    overflows: tuple[Node, ...] = ()

    @property
    def overflow(self) -> str | None:
        """When it is null since a part exceeds its type.

        None where that cannot be.
        """
        if not self.overflows:
            return None
        is_null = exp.Is(this=exp.paren(self.tree.copy()), expression=exp.Null())
        lost = exp.and_(is_null, exp.or_(*self.overflows))
        return str(lost.sql(Flink, identify=True, comments=False))

    @property
    def sql(self) -> str:
        """The text."""
        return str(self.tree.sql(Flink, identify=True, comments=False))


def to_flink(written: str, source: Source, binder: Binder) -> Translated:
    """Translate one expression of a source to Flink SQL.

    It is written as in the plan, over columns that have the types of the source's schema.

    Raises:
        NotTranslatable: if a part is not known to give the same value in Flink; the text is a
        sentence.
    """
    return _to_flink(
        written,
        source.dialect,
        tuple((column.name, column.type) for column in source.columns),
        binder,
    )


@lru_cache(maxsize=4096)  # asked first whether it can be written, then to write it
def _to_flink(
    written: str, dialect: str, columns: tuple[tuple[str, str], ...], binder: Binder
) -> Translated:
    try:
        bound = binder.bind(written, dialect, dict(columns))
        tree = uncontained(sqlglot.parse_one(bound.sql, read="duckdb"))
        translation = Translation(bound, dict(columns), binder, _RULES)
        translated = translation.of(tree)
        return Translated(translated, bound.type, bound.columns, tuple(translation.overflows))
    except (NotTranslatable, ExpressionError) as error:
        advice = "Compute the column before the stream, or write it with other functions"
        raise NotTranslatable(
            f"{shown(written)} holds {str(error).rstrip('.')}. {advice}."
        ) from None


def _same(t: Translation, node: Node) -> Node:
    """The node over its translated parts."""

    def translated(value: Any) -> Any:
        if isinstance(value, list):
            return [translated(part) for part in value]
        return t.of(value) if isinstance(value, Node) else value

    return type(node)(**{name: translated(value) for name, value in node.args.items()})


def _column(t: Translation, node: Node) -> Node:
    t.family(node)  # lists and maps have none, and no field of an event can hold them there
    return exp.column(node.name, quoted=True)


def _literal(t: Translation, node: Node) -> Node:
    if isinstance(node, exp.Literal) and not node.is_string and t.type_of(node) == "HUGEINT":
        raise NotTranslatable(f"{node.name}, which no 64-bit integer holds")
    return node.copy()


_RULES: Mapping[type[Node], Rule] = {
    exp.Column: _column,
    **dict.fromkeys((exp.Literal, exp.Boolean, exp.Null), _literal),
    exp.Paren: _same,
    **flink_conditions.RULES,
    **flink_numbers.RULES,
    **flink_texts.RULES,
    **flink_times.RULES,
}
