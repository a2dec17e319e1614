"""Parts of DuckDB expressions that fail for some rows.

They are null by themselves, as in the jobs of other engines, and not the whole expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from sqlglot import exp

from ..sql.tree import Node, TypeOf, paren
from .spark.types import family_of

#: What fails beyond the range of its type, unless that is a float.
_FAILING = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.IntDiv)
_FAILING_BY_NAME = frozenset({"ROUND", "ROUND_EVEN", "MAKE_TIMESTAMPTZ"})

_COMPARED = frozenset({"this", "expression", "expressions", "low", "high"})
#: Where a null is no null of what is around it, so a failure must not be one either. DuckDB
#: compares `n + 1 > 5` as `n > 4`, which would not fail: compared parts stand here too.
_OWN: Mapping[type[Node], frozenset[str]] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _COMPARED),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In), _COMPARED),
    **dict.fromkeys((exp.And, exp.Or), _COMPARED),
    **dict.fromkeys((exp.Greatest, exp.Least), _COMPARED),
    **dict.fromkeys((exp.Is, exp.If, exp.Case, exp.Nvl2), frozenset({"this"})),
    **dict.fromkeys((exp.Array, exp.Concat, exp.ConcatWs), frozenset({"expressions"})),
    exp.Nullif: frozenset({"expression"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
}


def contained(tree: Node, type_of: TypeOf) -> Node:
    """Make a part that fails null by itself.

    `COALESCE(n + 1, 0)` gives `COALESCE(TRY(n + 1), 0)`. What fails as a whole is left as it is.
    """
    holders: dict[int, Node] = {}
    for node in filter(_may_fail, tree.walk(prune=_is_lambda)):
        holder = _holder(node)
        if holder is not None and family_of(type_of(node)) != "float":
            holders[id(holder)] = holder
    # Inner parts come before those around them.
    for holder in sorted(holders.values(), key=attrgetter("depth"), reverse=True):
        holder.replace(exp.Try(this=holder.copy()))
    return tree


def uncontained(tree: Node) -> Node:
    """Take out what `contained` has put in."""
    whole = paren(tree)
    for node in reversed(list(whole.find_all(exp.Try))):
        node.replace(node.this)
    replaced: Node = whole.this
    return replaced


def _is_lambda(node: Node) -> bool:
    return isinstance(node, exp.Lambda)  # whose parts have no type by themselves


def _may_fail(node: Node) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in _FAILING_BY_NAME
    if isinstance(node, exp.IntDiv):  # of the lowest number by -1
        return node.expression.find(exp.Column, exp.Neg) is not None
    if isinstance(node, exp.Neg):
        return not isinstance(node.this, exp.Literal)
    return isinstance(node, _FAILING)


def _holder(node: Node) -> Node | None:
    """Find the largest part that fails with a node.

    None where all of the expression does.
    """
    while (around := node.parent) is not None:
        if node.arg_key in _OWN.get(type(around), ()) and not _is_last_choice(node, around):
            return node
        node = around
    return None


def _is_last_choice(node: Node, around: Node) -> bool:
    return isinstance(around, exp.Coalesce) and node is (around.expressions or [around.this])[-1]
