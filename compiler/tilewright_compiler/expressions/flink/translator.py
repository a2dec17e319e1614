"""One expression's way from DuckDB SQL to Flink SQL.

Each part is translated by the rule for its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable
from ..binder import Binder, Typed
from ..spark.types import family_of
from .casts import tried_cast

#: What the parts of a tree may say; anything else would be lost when a part is written anew.
_ARGUMENTS = {
    *(
        "this",
        "expression",
        "expressions",
        "quoted",
        "is_string",
        "to",
        "safe",
        "typed",
        "ifs",
        "default",
        "true",
        "false",
    ),
    *(
        "low",
        "high",
        "negate",
        "start",
        "length",
        "position",
        "replacement",
        "group",
        "single_replace",
        "null_if_pos_overflow",
        "unit",
        "date_part_boundary",
    ),
}


class Translation:
    """An expression to translate, with rules for its parts.

    Its columns have DuckDB types; there is a rule for each kind of part.
    """

    def __init__(
        self,
        bound: Typed,
        columns: Mapping[str, str],
        binder: Binder,
        rules: Mapping[type[Node], Rule],
    ) -> None:
        self._columns = dict(columns)
        self._binder = binder
        self._rules = rules
        self._types = {bound.sql: bound.type}
        self.overflows: list[Node] = []
        """When arithmetic of whole numbers goes beyond its type, though its operands are there."""

    def of(self, node: Node) -> Node:
        """A part in Flink SQL.

        Raises:
            NotTranslatable: if it is not known to give the same value there.
        """
        rule = self._rules.get(type(node))
        if rule is None:
            what = (
                node.name
                if isinstance(node, exp.Anonymous)
                else node.sql_name()
                if isinstance(node, exp.Func)
                else node.key
            )
            raise NotTranslatable(
                f"{what.lower()}, which is not known to give the same value in Flink"
            )
        if unknown := {name for name, value in node.args.items() if value} - _ARGUMENTS:
            raise NotTranslatable(
                f"{node.key} with {min(unknown)}, which is not known to give the same value in "
                "Flink"
            )
        return rule(self, node)

    def type_of(self, node: Node) -> str:
        """Give the DuckDB type of a part.

        The part is still in DuckDB SQL.
        """
        if isinstance(node, exp.Column):
            return self._columns[node.name]
        sql = str(node.sql("duckdb"))
        if sql not in self._types:
            self._types[sql] = self._binder.type_of(sql, self._columns)
        return self._types[sql]

    def as_type(self, node: Node, kind: str) -> Node:
        """A part, cast to a type if it has another."""
        own = self.type_of(node)
        return (
            self.of(node)
            if own == kind or isinstance(node, exp.Null)
            else tried_cast(self.of(node), own, kind)
        )

    def family(self, node: Node) -> str:
        """The family of a part."""
        found = family_of(self.type_of(node))
        if found is None:
            raise NotTranslatable(
                f"a part of type {self.type_of(node).lower()}, which Flink computes in another way"
            )
        return found


Rule = Callable[[Translation, Node], Node]
