"""The rules by which events are refused."""

from __future__ import annotations

import pytest

from tilewright_compiler.plan.model import Column
from tilewright_compiler.tile_sql.rules import EventRule, column_rules, event_cases, event_rules


def test_keys_are_looked_at_before_the_time() -> None:
    """Units that the time may be in come before the plain reason that it is out of range."""
    keys = [Column(name="k", type="VARCHAR"), Column(name="x", type="DOUBLE")]
    rules = event_rules(keys, "t", max_ahead_ms=90_000)
    assert [rule.reason for rule in rules] == [
        "key k is null",
        "key x is null",
        "key x is not a number",
        "time is null",
        "time is outside 1971-2099: seconds? times are milliseconds",
        "time is outside 1971-2099: microseconds? times are milliseconds",
        "time is outside 1971-2099: nanoseconds? times are milliseconds",
        "time is outside 1971-2099",
        "time is more than 1m 30s ahead of the clock",
    ]


def test_an_engine_without_a_clock_refuses_no_event_that_is_ahead() -> None:
    """The other rules of a time stay."""
    rules = event_rules([], "t", max_ahead_ms=None)
    assert (len(rules), rules[-1].test) == (5, "outside")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (EventRule("t", "is null", "why"), "t IS NULL"),
        (EventRule("t", "is nan", "why"), "isnan(t)"),
        (EventRule("t", "within", "why", 1, 5), "t >= 1 AND t < 5"),
        (EventRule("t", "outside", "why", 1, 5), "t < 1 OR t >= 5"),
        (EventRule("t", "ahead", "why"), "t > now + 5"),
    ],
)
def test_a_rule_is_a_condition_in_sql(rule: EventRule, expected: str) -> None:
    """A range holds its begin and not its end."""
    assert rule.condition("t", "isnan(t)", "now + 5") == expected


def test_an_engine_writes_names_and_reasons_in_its_own_way() -> None:
    """A case is the condition over the quoted column, and the reason as a literal."""
    cases = event_cases(
        [EventRule("a b", "is nan", "it's none")],
        quote="`{}`".format,
        is_nan="ISNAN({})".format,
        literal=lambda text: f"E'{text}'",
        latest="",
    )
    assert cases == [("ISNAN(`a b`)", "E'it's none'")]


def test_every_value_is_a_text() -> None:
    """So a column of texts has no rule."""
    assert column_rules([Column(name="c", type="VARCHAR")]) == []


@pytest.mark.parametrize(
    ("duckdb_type", "reason", "is_whole", "calendar"),
    [
        ("BIGINT", "c is not a bigint", True, None),
        ("INTEGER", "c is not an int", True, None),
        ("DOUBLE", "c is not a double", False, None),
        ("BIGINT[]", "c is not an array<bigint>", True, None),
        ("DATE", "c is not a date", False, "date"),
        ("TIMESTAMP[]", "c is not an array<timestamp_ntz>", False, "timestamp"),
    ],
)
def test_a_column_says_what_its_values_must_be(
    duckdb_type: str, reason: str, is_whole: bool, calendar: str | None
) -> None:
    """The reason names the type as authors write it; elements of lists count as values do."""
    (rule,) = column_rules([Column(name="c", type=duckdb_type)])
    assert (rule.reason, rule.is_whole, rule.calendar) == (reason, is_whole, calendar)


def test_a_timestamp_hints_at_numbers() -> None:
    """Most often such a value is a number of milliseconds; a date has no such hint."""
    moment, day = column_rules([Column(name="c", type="TIMESTAMP"), Column(name="d", type="DATE")])
    assert ("declare the column bigint" in moment.hint, day.hint) == (True, "")
