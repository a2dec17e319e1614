"""Parses plain expressions of DuckDB's SQL to functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from .tokens import NotPlainError, tokens_of
from .values import (
    ARITHMETIC,
    BIGINT,
    BOOLEAN,
    COMPARISONS,
    DECIMAL,
    DOUBLE,
    INTEGER,
    NULL,
    Compute,
    Kind,
    Node,
    Row,
    checked,
    common_kind,
    converted,
    divided,
    is_equal,
    joined,
    of_both,
    of_one,
    tried,
)

#: Decimals of so many digits become the same double in Python and in DuckDB.
_EXACT_DIGITS = 15
_SMALL = 1 << 31
_LARGE = 1 << 63
_DEEPEST = 50


class Parser:
    """Parses one expression, by precedence from OR to signs."""

    def __init__(self, sql: str, features: Mapping[str, Kind]) -> None:
        self._tokens = tokens_of(sql)
        self._features = features
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        """Parse the whole expression; NotPlainError if it is not plain."""
        node = self._any()
        if self._at < len(self._tokens):
            raise NotPlainError
        return node

    def _next(self, *expected: str) -> str | None:
        """Take the next token if it is expected."""
        if self._at < len(self._tokens) and self._tokens[self._at] in expected:
            self._at += 1
            return self._tokens[self._at - 1]
        return None

    def _require(self, *tokens: str) -> None:
        for token in tokens:
            if self._next(token) is None:
                raise NotPlainError

    def _any(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotPlainError
        node = self._joined("OR", partial(self._joined, "AND", self._not))
        self._depth -= 1
        return node

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        nodes = [part()]
        while self._next(word):
            nodes.append(part())
        if len(nodes) == 1:
            return nodes[0]
        return Node(BOOLEAN, joined(list(map(_condition, nodes)), decisive=word == "OR"))

    def _not(self) -> Node:
        if self._next("NOT"):
            return Node(BOOLEAN, of_one(_condition(self._not()), lambda value: not value))
        return self._is_null()

    def _is_null(self) -> Node:
        node = self._comparison()
        while self._next("IS"):
            wanted = self._next("NOT") is None
            self._require("NULL")
            node = Node(BOOLEAN, _null_test(node.compute, wanted))
        return node

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self._next(*COMPARISONS)
        if sign is None:
            return left
        right = self._sum()
        kind = _numbers(left, right)
        both = converted(left, kind), converted(right, kind)
        return Node(BOOLEAN, of_both(*both, COMPARISONS[sign]))

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._next("+", "-"):
            node = _arithmetic(node, sign, self._product())
        return node

    def _product(self) -> Node:
        node = self._signed()
        while sign := self._next("*", "/"):
            node = _arithmetic(node, sign, self._signed())
        return node

    def _signed(self) -> Node:
        if not self._next("-"):
            return self._primary()
        node = self._primary()
        if node.kind not in (DOUBLE, BIGINT):
            raise NotPlainError
        if node.kind == DOUBLE:
            return Node(DOUBLE, of_one(node.compute, lambda value: -value))
        return Node(BIGINT, of_one(node.compute, lambda value: checked(-value)))

    def _primary(self) -> Node:
        if self._next("("):
            node = self._any()
            self._require(")")
            return node
        if self._at == len(self._tokens):
            raise NotPlainError
        token = self._tokens[self._at]
        self._at += 1
        if token[0] == '"':
            return self._feature(token[1:-1].replace('""', '"'))
        if token[0].isdigit():
            return _literal(token)
        parse = _WORDS.get(token)
        if parse is None:
            raise NotPlainError
        return parse(self)

    def _feature(self, name: str) -> Node:
        if name not in self._features:
            raise NotPlainError
        kind = self._features[name]
        node = Node(kind, lambda row: row[name])
        return Node(DOUBLE, of_one(node.compute, float)) if kind == DOUBLE else node

    def _null(self) -> Node:
        return Node(NULL, lambda _: None)

    def _arguments(self) -> list[Node]:
        self._require("(")
        nodes = [self._any()]
        while self._next(","):
            nodes.append(self._any())
        self._require(")")
        return nodes

    def _case(self) -> Node:
        conditions, values = [], []
        while self._next("WHEN"):
            conditions.append(_condition(self._any()))
            self._require("THEN")
            values.append(self._any())
        values.append(self._any() if self._next("ELSE") else self._null())
        self._require("END")
        kind = _common(values)
        *chosen, otherwise = [converted(value, kind) for value in values]
        pairs = list(zip(conditions, chosen, strict=True))

        def compute(row: Row) -> object:
            for condition, value in pairs:
                if condition(row):
                    return value(row)
            return otherwise(row)

        return Node(kind, compute)

    def _coalesce(self) -> Node:
        nodes = self._arguments()
        kind = _common(nodes)
        parts = [converted(node, kind) for node in nodes]

        def compute(row: Row) -> object:
            for part in parts:
                if (value := part(row)) is not None:
                    return value
            return None

        return Node(kind, compute)

    def _nullif(self) -> Node:
        nodes = self._arguments()
        if len(nodes) != 2:
            raise NotPlainError
        node, other = nodes
        kind = _numbers(node, other)
        value, first, second = node.compute, converted(node, kind), converted(other, kind)

        def compute(row: Row) -> object:
            one, two = first(row), second(row)
            is_same = one is not None and two is not None and is_equal(one, two)
            return None if is_same else value(row)

        return Node(node.kind, compute)

    def _abs(self) -> Node:
        nodes = self._arguments()
        if len(nodes) != 1 or nodes[0].kind not in (DOUBLE, BIGINT):
            raise NotPlainError
        kind, compute = nodes[0]
        if kind == DOUBLE:
            return Node(DOUBLE, of_one(compute, abs))
        return Node(BIGINT, of_one(compute, lambda value: checked(abs(value))))

    def _try(self) -> Node:
        self._require("(")
        node = self._any()
        self._require(")")
        return Node(node.kind, tried(node.compute))

    def _cast(self) -> Node:
        self._require("(")
        node = self._any()
        self._require("AS", "DOUBLE", ")")
        if node.kind not in (DOUBLE, BIGINT, INTEGER):
            raise NotPlainError
        return Node(DOUBLE, converted(node, DOUBLE))


_WORDS: dict[str, Callable[[Parser], Node]] = {
    "NULL": Parser._null,
    "CASE": Parser._case,
    "COALESCE": Parser._coalesce,
    "NULLIF": Parser._nullif,
    "ABS": Parser._abs,
    "CAST": Parser._cast,
    "TRY": Parser._try,
    "TRY_CAST": Parser._cast,
}


def _literal(text: str) -> Node:
    if "." in text:
        if len(text) > _EXACT_DIGITS:
            raise NotPlainError
        decimal = float(text)
        return Node(DECIMAL, lambda _: decimal)
    integer = int(text) if len(text) < 20 else _LARGE
    if integer >= _LARGE:
        raise NotPlainError
    return Node(INTEGER if integer < _SMALL else BIGINT, lambda _: integer)


def _common(nodes: list[Node]) -> Kind:
    kind = common_kind(*(node.kind for node in nodes))
    if kind is None:
        raise NotPlainError
    return kind


def _numbers(left: Node, right: Node) -> Kind:
    """Find the type that two numbers are compared as."""
    kind = _common([left, right])
    if kind == BOOLEAN or NULL in (left.kind, right.kind):
        raise NotPlainError
    return kind


def _condition(node: Node) -> Compute:
    if node.kind != BOOLEAN:
        raise NotPlainError
    return node.compute


def _null_test(compute: Compute, wanted: bool) -> Compute:
    return lambda row: (compute(row) is None) == wanted


def _arithmetic(left: Node, sign: str, right: Node) -> Node:
    kind = _numbers(left, right)
    if sign == "/":
        if DECIMAL in (left.kind, right.kind) and kind != DOUBLE:
            raise NotPlainError
        return Node(DOUBLE, of_both(converted(left, DOUBLE), converted(right, DOUBLE), divided))
    work = ARITHMETIC[sign]
    if kind == DOUBLE:
        return Node(DOUBLE, of_both(converted(left, DOUBLE), converted(right, DOUBLE), work))
    if kind != BIGINT:  # 32 bits, where DuckDB overflows sooner
        raise NotPlainError
    return Node(
        BIGINT, of_both(left.compute, right.compute, lambda one, two: checked(work(one, two)))
    )
