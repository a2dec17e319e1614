"""The author's expressions as syntax trees.

What cannot be computed for each row is an error.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from tilewright.suggestions import nearest

from ..sql.spark import AS_WRITTEN, SPARK_FAMILY, reading
from ..sql.tree import Node
from .grouping import mixed
from .volatility import is_of_arguments

_OTHER_EACH_TIME = (
    "a function that gives another value each time: the same events must give the same values"
)
_REFUSED: tuple[tuple[tuple[type[Node], ...], str], ...] = (
    (
        (exp.Command, exp.Create, exp.Drop, exp.Alter, exp.Set, exp.Pragma, exp.DML),
        "a statement: write one expression",
    ),
    ((exp.Query, exp.Table), "a subquery: an expression sees one row only"),
    ((exp.Window,), "a window function: an expression sees one row only"),
    ((exp.AggFunc,), "an aggregate: what is aggregated is said by Aggregation(…)"),
    ((exp.UDTF, exp.Explode), "a function that makes rows: an expression gives one value a row"),
    ((exp.Star,), "'*': name the columns"),
    ((exp.Parameter, exp.Placeholder, exp.SessionParameter), "a parameter: write its value"),
    ((exp.Rand, exp.Randn, exp.Uuid), _OTHER_EACH_TIME),
)
_ANY_REFUSED = tuple(kind for kinds, _ in _REFUSED for kind in kinds)
#: Dialects that run what stands in `/*! … */`.
_RUNS_COMMENTS = frozenset({"mysql", "singlestore", "doris", "starrocks"})
#: What is looked at as it is written.
_READ_AGAIN = re.compile(r"get_json_object|trunc|\+\s*[\d.]", re.IGNORECASE)
#: Tokens after which an operand begins, so that a plus is a sign.
BEFORE_OPERAND = re.compile(
    "L_PAREN|L_BRACKET|COMMA|PLUS|DASH|STAR|SLASH|PERCENT|MOD|DIV|N?EQ|LTE?|GTE?|NULLSAFE_EQ"
    "|AND|OR|NOT|WHEN|THEN|ELSE|BETWEEN|IN|TILDE|AMP|PIPE|CARET|DPIPE"
)
#: JSON paths that Spark reads as we do: names after points or in single quotes, and places.
_JSON_PATH = re.compile(
    r"\$(?:\.[\w-](?:[\w -]*[\w-])?|\[[0-9]+\]|\['[\w-](?:[^'\"\\?\[\]*]*[\w-])?'\])*"
)
#: Units that the parser knows and Spark's `trunc` does not.
_SHORT_UNITS = frozenset({"D", "H", "M", "Q", "S", "W", "Y", "MS", "NS", "US"})


@dataclass(frozen=True)
class Scope:
    """The words of messages about an expression.

    They name what it reads, the call that names its value, and what to do without a function.
    """

    thing: str
    missing: str
    named_by: str
    instead: str


COLUMNS = Scope(
    "column",
    "which the source does not have",
    "select(…)",
    "Write it with other functions, compute the column before, or use Query(dialect='duckdb').",
)
FEATURES = Scope(
    "feature",
    "which the GroupBy does not have (and no derivation reads another)",
    "Derivation(…)",
    "Write it with other functions, or compute the value from the answer.",
)


class ExpressionError(Exception):
    """An expression that cannot be used.

    `code` is that of the diagnostic.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        self.code = code
        super().__init__(message)


def parse(text: str, dialect: str, scope: Scope = COLUMNS) -> Node:
    """Parse one expression that can be computed per row.

    Raises ExpressionError for anything else.
    """
    if not is_dialect(dialect):
        what = (
            f"Query(dialect={dialect!r}): this dialect does not exist. {nearest(dialect, _names())}"
        )
        raise ExpressionError("TW010", what)
    if "/*!" in text and dialect in _RUNS_COMMENTS:
        raise ExpressionError("TW024", f"{shown(text)} holds a comment that is run. Leave it out.")
    tree = _read(text, dialect)
    if dialect in SPARK_FAMILY:
        _check_arguments(text, dialect)
    _check_parts(tree, text)
    _keep_together(tree)
    if (reason := mixed(tree, text)) is not None:
        raise ExpressionError("TW024", f"{shown(text)} holds {reason}.")
    if isinstance(tree, exp.Null):
        raise ExpressionError(
            "TW025", f"{shown(text)} has no type. Give it one, as in cast(null as double)."
        )
    if isinstance(tree, exp.Alias):
        advice = f"Leave out 'as {tree.alias}': the name is the argument of {scope.named_by}."
        raise ExpressionError("TW024", f"{shown(text)} names its value. {advice}")
    return tree


def _read(text: str, dialect: str) -> Node:
    """Read the one tree of a text."""
    try:
        with quiet():
            read = sqlglot_dialect(dialect)
            trees = sqlglot.parse(text, read=read, error_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        reason = (details[0].get("description") or str(error).splitlines()[0]).rstrip(".")
        if reason.startswith("Required keyword"):  # of sqlglot's own classes
            reason = "an operand is missing"
        reason = reason.partition(" but got <Token")[0]
        raise ExpressionError(
            "TW023", f"{shown(text)} cannot be parsed as {dialect} SQL: {reason}. Correct it."
        ) from None
    except (AttributeError, LookupError, TypeError, ValueError):
        # So fail the parser's builders of calls with missing arguments, and of some other kinds.
        what = "a call has missing or other arguments"
        raise ExpressionError(
            "TW023", f"{shown(text)} cannot be parsed as {dialect} SQL: {what}. Correct it."
        ) from None
    except RecursionError:
        raise ExpressionError(
            "TW023", f"{shown(text)} is nested too deeply. Split it into several columns."
        ) from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(
            "TW023", f"{shown(text)} is not one expression. Write exactly one, without ';'."
        )
    return trees[0]


def _keep_together(tree: Node) -> None:
    """Put brackets around a call that is written as an operator after a sign.

    The parser reads `~mod(a, b)` well, and would write it as `~a % b`.
    """
    for node in tree.find_all(exp.Neg, exp.BitwiseNot):
        if isinstance(node.this, exp.Binary) and "start" in node.this.meta:
            node.set("this", exp.Paren(this=node.this))


def _check_parts(tree: Node, text: str) -> None:
    """Refuse what is no value of one row.

    So is what gives another value each time.
    """
    for node in tree.walk():
        if isinstance(node, _ANY_REFUSED):
            why = next(why for kinds, why in _REFUSED if isinstance(node, kinds))
            raise ExpressionError("TW024", f"{shown(text)} holds {why}.")
        if isinstance(node, exp.Func) and not is_of_arguments(
            node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        ):
            raise ExpressionError("TW024", f"{shown(text)} holds {_OTHER_EACH_TIME}.")
        if isinstance(node, exp.ArraySize):  # of null size is -1, array_size null
            start, end = node.meta.get("start", 0), node.meta.get("end", -1)
            if text[start : end + 1].lower() == "array_size":
                raise ExpressionError("TW024", f"{shown(text)} holds array_size. Use size(x).")


def _check_arguments(text: str, dialect: str) -> None:
    """Check arguments and signs that the tree shows as others.

    The parser reads more JSON paths than Spark, takes the unit `Q` for a quarter, and drops the
    sign of `+4`, which has the digits of an int to Spark and not those of a written number.
    """
    if not _READ_AGAIN.search(text):
        return
    tokens = sqlglot.tokenize(text, read=sqlglot_dialect(dialect))
    for before, sign, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        is_sign = before is None or BEFORE_OPERAND.fullmatch(before.token_type.name)
        if sign.token_type.name == "PLUS" and after.token_type.name == "NUMBER" and is_sign:
            raise ExpressionError(
                "TW024", f"{shown(text)} holds '+{after.text}'. Leave the sign out."
            )
    for name, argument in _text_arguments(tokens):
        if name == "get_json_object" and _JSON_PATH.fullmatch(argument) is None:
            what = f"the JSON path {argument!r}"
            raise ExpressionError(
                "TW024", f"{shown(text)} holds {what}. Write one as '$.a.b' or '$.a[0]'."
            )
        if name in ("trunc", "date_trunc") and argument.upper() in _SHORT_UNITS:
            what = f"the unit {argument!r}, which Spark does not know"
            raise ExpressionError("TW024", f"{shown(text)} holds {what}. Write it in full.")


def _text_arguments(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Walk (function, text) of literal arguments."""
    calls: list[str] = []
    before = None
    for at, token in enumerate(tokens):
        match token.token_type.name:
            case "L_PAREN":
                calls.append(tokens[at - 1].text.lower() if at else "")
            case "R_PAREN" if calls:
                calls.pop()
            case "STRING" if calls and before in ("COMMA", "L_PAREN"):
                is_first = before == "L_PAREN"
                if calls[-1] != "get_json_object" or not is_first:
                    yield calls[-1], token.text
        before = token.token_type.name


@cache
def as_column(name: str, dialect: str) -> str:
    """Write a column's name as an expression.

    It is quoted where it would be something else, such as `select` or `a b`.
    """
    if not is_dialect(dialect):
        return name  # which is reported where the expressions are parsed
    try:
        trees = sqlglot.parse(name, read=dialect)
    except SqlglotError:
        trees = []
    plain = len(trees) == 1 and isinstance(trees[0], exp.Column) and trees[0] == exp.column(name)
    return name if plain else str(exp.column(name, quoted=True).sql(dialect))


def is_dialect(name: str) -> bool:
    """Tell whether sqlglot has a dialect of this name."""
    # To ask for all names would load thirty dialects.
    return name != "" and not name.startswith(AS_WRITTEN) and Dialect.get(name) is not None


@cache
def sqlglot_dialect(name: str) -> Dialect:
    """Give sqlglot's dialect by our name, made once."""
    return Dialect.get_or_raise(reading(name))


def _names() -> list[str]:
    return sorted(name for name in Dialect.classes if name and not name.startswith(AS_WRITTEN))


def shown(text: str) -> str:
    """Shorten an expression to one line for a message."""
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= 80 else f"'{line[:77]}…'"


#: Whether sqlglot's warnings are of no use here: what it would warn of is raised or refused.
_IS_QUIET: ContextVar[bool] = ContextVar("_IS_QUIET", default=False)
logging.getLogger("sqlglot").addFilter(lambda record: not _IS_QUIET.get())


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what sqlglot logs meanwhile, in this thread."""
    token = _IS_QUIET.set(True)
    try:
        yield
    finally:
        _IS_QUIET.reset(token)
