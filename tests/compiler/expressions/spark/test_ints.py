"""Which sums and products are ints in Spark."""

from __future__ import annotations

import pytest
import sqlglot

from tilewright_compiler.expressions.spark.ints import adds_bigint, is_marked, mark_ints

TYPES = {"i": "INTEGER", "s": "SMALLINT", "n": "BIGINT", "t": "VARCHAR", "d": "DATE"}


@pytest.mark.parametrize(
    ("expression", "is_int"),
    [
        ("i + 2147483647", True),
        ("i + 2147483648", False),
        ("i * s", True),
        ("i * n", False),
        ("n - i", False),
        ("datediff(d, d) * 86400000", True),
        ("length(t) * n", False),
        ("coalesce(i, s) + 1", True),
        ("coalesce(i, n) + 1", False),
        ("CASE WHEN n > 1 THEN i ELSE 2 END + 1", True),
        ("CASE WHEN i > 1 THEN i ELSE n END + 1", False),
        ("pmod(i, 3) + 1", True),
        ("pmod(n, 3) + 1", False),
        ("CAST(n AS INT) + 1", True),
        ("CAST(i AS BIGINT) + 1", False),
        ("i + -2147483648", True),
        ("i + -2147483649", False),
    ],
)
def test_what_has_ints_only_is_an_int(expression: str, is_int: bool) -> None:
    """A bigint anywhere among the values makes it one; a condition has none of them."""
    tree = sqlglot.parse_one(expression, dialect="spark")
    mark_ints(tree, lambda node: TYPES[node.name])
    assert is_marked(tree) == is_int


@pytest.mark.parametrize(
    ("added", "is_bigint"),
    [
        ("n", True),
        ("n + 1", True),
        ("n * 0", True),
        ("abs(n) % 7", True),
        ("coalesce(i, n)", True),
        ("if(n > 0, i, 1)", False),
        ("CASE WHEN i > 1 THEN i ELSE n END", True),
        ("CAST(i AS BIGINT)", True),
        ("CAST(n AS INT)", False),
        ("i div 2", True),
        ("3000000000", True),
        ("i * s + datediff(d, d)", False),
        ("month(d) - 1", False),
        ("ceil(i)", True),
        ("bigint(i)", True),
    ],
)
@pytest.mark.parametrize("form", ["date_add(d, {})", "add_months(d, {})", "d - ({})"])
def test_days_with_a_bigint_in_them_are_bigints(form: str, added: str, is_bigint: bool) -> None:
    """Days and months are ints, so a bigint in them is refused."""
    tree = sqlglot.parse_one(form.format(added), dialect="spark")
    mark_ints(tree, lambda node: TYPES[node.name])
    assert adds_bigint(tree, lambda node: "BIGINT") == is_bigint
