"""Intervals, and days between times, as Spark has them."""

from __future__ import annotations

import re

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf

#: Intervals that Spark reads, which knows no quarters.
_INTERVAL = re.compile(
    r"\s*(?:[+-]?\d+(?:\.\d+)?\s+(?:year|month|week|day|hour|minute|(?:milli|micro)?second)s?\s*)+",
    re.IGNORECASE | re.ASCII,
)


def days_between(node: Node, type_of: TypeOf) -> Node:
    """Count the days between two days."""
    if node.args.get("unit") is not None:
        raise NotTranslatable(
            "datediff with a unit, of which Spark counts whole ones only. Use datediff(a, b), or "
            "a difference of year(t) * 12 + month(t)"
        )
    return node


def interval(node: Node, type_of: TypeOf) -> Node:
    """Check that an interval is written as Spark and DuckDB read it."""
    unit, written = node.args.get("unit"), node.this
    if not isinstance(written, exp.Literal):
        raise NotTranslatable("an interval that is not written as a number. Use date_add(day, n)")
    name = "" if unit is None else f" {unit.name}"
    if _INTERVAL.fullmatch(f"{written.name}{name}") is None:
        raise NotTranslatable(f"the interval {written.name + name!r}. Write it as '1 day 2 hours'")
    return node
