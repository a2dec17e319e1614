"""Why an event is refused.

All engines share one table of conditions and reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ..frontend.column_types import spark_type
from ..humanize import format_span
from ..plan.model import Column
from ..plan.types import element, family

#: The times that tiles take: 1971 to 2099, in milliseconds.
EARLIEST_MS, END_MS = 31_536_000_000, 4_102_444_800_000
_OUTSIDE = "time is outside 1971-2099"
#: What follows the name of a time or key whose expression goes beyond its type.
OVERFLOW = "overflows in its expression: cast a part, as in cast(x as bigint) * 1000"
#: (begin, end, unit): the usable times read as another unit.
_OTHER_UNITS = (
    (EARLIEST_MS // 1000, END_MS // 1000, "seconds"),
    (EARLIEST_MS * 1000, END_MS * 1000, "microseconds"),
    (EARLIEST_MS * 1_000_000, END_MS * 1_000_000, "nanoseconds"),
)

#: The first and the last day that an answer can show.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"
LAST_MOMENT = f"{LAST_DAY} 23:59:59.999999"

#: Most often such a value is a number of seconds or milliseconds.
_EPOCH_HINT = " (a number? declare the column bigint, in milliseconds, not seconds)"


@dataclass(frozen=True)
class EventRule:
    """A condition under which a selected event is refused.

    It is on one column, and has its reason beside it.
    """

    column: str
    test: Literal["is null", "is nan", "within", "outside", "ahead"]
    reason: str
    begin: int = 0
    end: int = 0

    def condition(self, column: str, is_nan: str, latest: str) -> str:
        """Write the condition in SQL.

        It is on the column, on `is_nan`, whether that is NaN, and on `latest`, the latest usable
        time, both as an engine writes them.

        >>> EventRule("t", "within", "", 1, 5).condition("`t`", "", "")
        '`t` >= 1 AND `t` < 5'
        """
        match self.test:
            case "is null":
                return f"{column} IS NULL"
            case "is nan":
                return is_nan
            case "within":
                return f"{column} >= {self.begin} AND {column} < {self.end}"
            case "outside":
                return f"{column} < {self.begin} OR {column} >= {self.end}"
            case "ahead":
                return f"{column} > {latest}"


def event_rules(keys: Iterable[Column], time: str, max_ahead_ms: int | None) -> list[EventRule]:
    """List why selected events are refused.

    Reasons are looked for in this order. `max_ahead_ms` is how far a time may be ahead of the
    engine's clock; an engine without one gives None.
    """
    rules = []
    for key in keys:
        rules.append(EventRule(key.name, "is null", f"key {key.name} is null"))
        if family(key.type) == "float":
            rules.append(EventRule(key.name, "is nan", f"key {key.name} is not a number"))
    rules.append(EventRule(time, "is null", "time is null"))
    for begin, end, unit in _OTHER_UNITS:
        reason = f"{_OUTSIDE}: {unit}? times are milliseconds"
        rules.append(EventRule(time, "within", reason, begin, end))
    rules.append(EventRule(time, "outside", _OUTSIDE, EARLIEST_MS, END_MS))
    if max_ahead_ms is not None:
        # One such event would move the watermark, and all later ones would be too late.
        reason = f"time is more than {format_span(max_ahead_ms)} ahead of the clock"
        rules.append(EventRule(time, "ahead", reason))
    return rules


def event_cases(
    rules: Iterable[EventRule],
    quote: Callable[[str], str],
    is_nan: Callable[[str], str],
    literal: Callable[[str], str],
    latest: str,
) -> list[tuple[str, str]]:
    """Write the rules in an engine's SQL.

    Each is a pair (condition, reason).
    """
    cases = []
    for rule in rules:
        column = quote(rule.column)
        cases.append((rule.condition(column, is_nan(column), latest), literal(rule.reason)))
    return cases


@dataclass(frozen=True)
class ColumnRule:
    """What the values of a source's column must be.

    A row with another value cannot be used, for the reason given.
    """

    column: Column
    reason: str
    hint: str
    """What the author most often meant; empty where nothing is known."""
    is_whole: bool
    """Whether a cast would cut off 2.5 in silence."""
    calendar: Literal["date", "timestamp"] | None
    """Whether it must lie within the years that an answer can show."""


def column_rules(columns: Iterable[Column]) -> list[ColumnRule]:
    """List what the columns of a source must be.

    Everything can be read as text.
    """
    return [_column_rule(column) for column in columns if column.type != "VARCHAR"]


def calendar(duckdb_type: str) -> Literal["date", "timestamp"] | None:
    """Tell whether values of a type are days or moments.

    Those of a list are its elements. None if they are neither.
    """
    match family(element(duckdb_type)):
        case "date":
            return "date"
        case "timestamp":
            return "timestamp"
    return None


def _column_rule(column: Column) -> ColumnRule:
    kind = spark_type(column.type)
    article = "an" if kind[:1] in ("a", "i", "u") else "a"
    return ColumnRule(
        column=column,
        reason=f"{column.name} is not {article} {kind}",
        hint=_EPOCH_HINT if family(column.type) == "timestamp" else "",
        is_whole=family(element(column.type)) == "integer",
        calendar=calendar(column.type),
    )
