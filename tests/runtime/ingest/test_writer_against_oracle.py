"""The writer, the stores and the fetcher together, against the oracle: any events, in any order,
split and repeated.
"""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import FILES, to_arrow
from support.examples import few
from support.oracle import disagreement
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, asked, finest_ms, plan_of
from tilewright import Operation
from tilewright.operations import OperationSpec
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store

COUNT, MIN, MAX, FIRST, LAST = (
    Operation.COUNT,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
)
UNIQUE, TOP, PERCENTILES = (
    Operation.APPROX_UNIQUE_COUNT,
    Operation.TOP_K(2),
    Operation.APPROX_PERCENTILE([0, 0.25, 0.5, 0.99, 1]),
)
MOMENTS = [Operation.VARIANCE, Operation.STDDEV, Operation.SKEW, Operation.KURTOSIS]
ENDS = [Operation.LARGEST_K(3), Operation.SMALLEST_K(2)]
EXACT = [
    *(
        Operation.UNIQUE_COUNT,
        Operation.BOUNDED_UNIQUE_COUNT(2),
        Operation.HISTOGRAM(),
        Operation.HISTOGRAM(2),
    ),
    *(Operation.FIRST_K(2), Operation.FIRST_K(30), Operation.LAST_K(3)),
]
NUMBERS = [
    COUNT,
    Operation.SUM,
    Operation.AVERAGE,
    *MOMENTS,
    MIN,
    MAX,
    FIRST,
    LAST,
    *ENDS,
    *EXACT,
    UNIQUE,
    PERCENTILES,
]

finite = st.sampled_from([0.0, -0.0, 0.1, 1e-300, 1e15, -1e15]) | st.floats(-1e9, 1e9)
any_float = st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324]) | finite
times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))

#: case -> (type of the column, its values, the operations over it)
CASES: dict[str, tuple[str, st.SearchStrategy[Any], Sequence[OperationSpec]]] = {
    "integers": ("bigint", st.integers(-(2**53), 2**53) | st.integers(-3, 3), [*NUMBERS, TOP]),
    "huge_integers": (
        "bigint",
        st.sampled_from([2**63 - 1, -(2**63), 2**62, 0]),
        [COUNT, Operation.AVERAGE, *MOMENTS, MIN, MAX, FIRST, LAST, *ENDS, *EXACT, UNIQUE],
    ),
    "floats": ("double", finite, NUMBERS),
    "odd_floats": ("double", any_float, NUMBERS[:-1]),
    "close_floats": (
        "double",
        st.floats(1e9, 1e9 + 1e-3) | st.sampled_from([1e9 + 4, 1e9 + 16, 2.0**30]),
        MOMENTS,
    ),
    "kll": ("double", finite, [Operation.APPROX_PERCENTILE([0, 0.25, 0.5, 0.99, 1], sketch="kll")]),
    "decimals": (
        "decimal(12,3)",
        st.decimals(places=3, min_value=-999_999_999, max_value=999_999_999),
        [*NUMBERS, TOP],
    ),
    "texts": (
        "string",
        st.sampled_from(["", "a", "é", "\uffff", "\N{GRINNING FACE}"]) | st.text(max_size=5),
        [COUNT, MIN, MAX, FIRST, LAST, *ENDS, *EXACT, UNIQUE, TOP],
    ),
    "dates": (
        "date",
        st.dates() | st.just(date(1970, 1, 1)),
        [COUNT, MIN, MAX, FIRST, LAST, *ENDS, *EXACT, UNIQUE, TOP],
    ),
    "timestamps": (
        "timestamp",
        times | st.just(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)),
        [COUNT, MIN, MAX, FIRST, LAST, *ENDS, *EXACT, UNIQUE, TOP],
    ),
    "booleans": ("boolean", st.booleans(), [COUNT, FIRST, LAST, *EXACT, UNIQUE, TOP]),
}


def lists(case: str) -> tuple[str, st.SearchStrategy[Any], Sequence[OperationSpec]]:
    """A case whose values come in lists, with nulls among them, and empty lists."""
    kind, values, operations = CASES[case]
    return f"array<{kind}>", st.lists(st.none() | values, max_size=3), operations


CASES |= {
    f"lists_of_{case}": lists(case)
    for case in ("odd_floats", "decimals", "texts", "timestamps", "booleans")
}

#: case -> (type of a bucket column, its values other than null); values of the case above of its
#: name's begin are asked by it
BUCKETS: dict[str, tuple[str, Sequence[Any]]] = {
    "odd_floats by texts": (
        "string",
        ["", "a", "it's", 'a"b', "a\n{{ b }}", "\0", "\uffff", "\N{GRINNING FACE}"],
    ),
    "integers by integers": ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
    "texts by floats": ("double", [0.0, -0.0, math.nan, -math.inf, 0.1]),
    "decimals by booleans": ("boolean", [True, False]),
    "dates by dates": ("date", [date(1969, 12, 31), date(2024, 1, 4)]),
    "booleans by timestamps": (
        "timestamp",
        [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2024, 1, 4, tzinfo=UTC)],
    ),
    "lists_of_texts by decimals": (
        "decimal(12,3)",
        [Decimal("-1.500"), Decimal("0.000"), Decimal("10.000")],
    ),
    "lists_of_odd_floats by texts": ("string", ["", "a", "b"]),
    "kll by integers": ("int", [1, 2]),
}
CASES |= {case: CASES[case.partition(" by ")[0]] for case in BUCKETS}

#: Those of kinds that another case stands for.
RARER = [
    *("floats", "lists_of_decimals", "lists_of_texts", "lists_of_timestamps"),
    *("texts by floats", "decimals by booleans", "dates by dates", "booleans by timestamps"),
    *("integers by integers", "lists_of_odd_floats by texts", "kll by integers"),
]

#: So many answers are compared of each case, for every example that it has: of a feature at a time,
#: over operations, types, edge modes and windows.
LEAST_ANSWERS = 300

#: A day's boundary, around which edges of all levels meet.
MIDNIGHT = AT // DAY * DAY
boundary = st.builds(
    lambda size, place, shift: MIDNIGHT + size * place + shift,
    st.sampled_from([MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY]),
    st.integers(-3, 3),
    st.sampled_from([-1, 0, 0, 1]),
)
moments = boundary | st.integers(MIDNIGHT - 3 * DAY, MIDNIGHT + 3 * DAY)

#: Two key columns of different types, with values that would collide if they were pasted together.
KEYS = [{"who": who, "where": where} for who in ("a", "a::1", "") for where in (1, -11)]


@cache
def untiled(case: str) -> Plan:
    """Every operation of a case over three windows and a lifetime, without tiles."""
    _, _, operations = CASES[case]
    buckets = ["bucket"] if case in BUCKETS else None
    modes = [
        aggregations("value", operations, windows, buckets=buckets)
        for windows in (["1m", "12h", "2d"], None)
    ]
    return plan_of(
        _schema(case), ["who", "where"], [*itertools.chain(*modes)], name="raw", tiled=False
    )


@cache
def plan(case: str) -> Plan:
    """Every operation of a case over three windows, in every edge mode and for a lifetime."""
    _, _, operations = CASES[case]
    windows, buckets = ["5m", "12h", "2d"], ["bucket"] if case in BUCKETS else None
    modes = [
        aggregations("value", operations, windows, edge, buckets)
        for edge in ("sawtooth", "truncate", "exact")
    ]
    modes.append(aggregations("value", operations, None, "exact", buckets))
    parts = [operation for operation in operations if operation.prorates]
    modes += [
        aggregations("value", parts, chosen, "prorate", buckets) for chosen in (windows, None)
    ]
    return plan_of(
        _schema(case),
        ["who", "where"],
        [*itertools.chain(*modes), *aggregations("value", operations, None, buckets=buckets)],
    )


def _schema(case: str) -> dict[str, str]:
    schema = {"who": "string", "where": "bigint", "value": CASES[case][0]}
    return schema | {"bucket": BUCKETS[case][0]} if case in BUCKETS else schema


@st.composite
def histories(
    draw: st.DrawFn, values: st.SearchStrategy[Any], buckets: Sequence[Any]
) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]], list[str], list[int]]:
    """Events; the same events in writes of any size and order; the form of each write; and query
    times.
    """
    pool = draw(st.lists(moments, min_size=1, max_size=6))
    event = st.builds(
        lambda key, value, bucket, ts: {**key, "value": value, "bucket": bucket, "ts": ts},
        st.sampled_from(KEYS[:4]),
        st.none() | values,
        st.sampled_from([None, *buckets]),
        st.sampled_from(pool) | moments,
    )
    events = draw(st.lists(event, min_size=1, max_size=16))
    shuffled = draw(st.permutations(events))
    cuts = sorted({0, len(events), *draw(st.lists(st.integers(0, len(events)), max_size=2))})
    writes = [shuffled[begin:end] for begin, end in itertools.pairwise(cuts)]
    forms = draw(
        st.lists(
            st.sampled_from([".parquet", ".csv", ".jsonl", "arrow"]),
            min_size=len(writes),
            max_size=len(writes),
        )
    )
    asked_at = {ts + shift for ts in pool for shift in (0, 1)} | set(
        draw(st.lists(moments, min_size=1, max_size=4))
    )
    return events, writes, forms, sorted(asked_at | {min(pool) - 9 * DAY, max(pool) + 9 * DAY})


def write_all(
    writer: Writer,
    writes: Sequence[Sequence[Mapping[str, Any]]],
    forms: Sequence[str],
    schema: Mapping[str, str],
    folder: Path,
) -> None:
    """Writes all parts, then all files once more; what comes again must add nothing."""
    files: list[Path] = []
    parts: list[tuple[str, Sequence[Mapping[str, Any]]]] = []
    for number, (rows, form) in enumerate(zip(writes, forms, strict=True)):
        if form == "arrow":
            report = writer.write(to_arrow(rows, schema))
        else:
            path = folder / f"{number}{form}"
            FILES[form](rows, schema, path)
            files.append(path)
            is_copy = any(form == earlier and begins_with(rows, part) for earlier, part in parts)
            parts.append((form, rows))
            report = writer.write(path, again=is_copy)
        assert (report.events, report.refused) == (len(rows), {})
    for path in files:
        assert writer.write(path).events == 0


def begins_with(rows: Sequence[Mapping[str, Any]], part: Sequence[Mapping[str, Any]]) -> bool:
    """Tells whether a writer may take a file for one that it has read, by a copy of its rows."""
    return len(part) <= len(rows) and all(
        row == other or repr(row) == repr(other) for row, other in zip(rows, part, strict=False)
    )


# What other tests of this process left open is no matter of these.
@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=pytest.mark.nightly) if case in RARER else case for case in CASES],
)
def test_every_answer_is_the_oracles(case: str) -> None:
    """Each operation, window and edge mode answers at every time what brute force over the raw
    events says, thousands of times.
    """
    _, values, _ = CASES[case]
    _, buckets = BUCKETS.get(case, ("", ()))
    compared = 0

    @few(16)
    @given(histories(values, buckets), st.sampled_from(["memory:", "lmdb:"]))
    def check(
        drawn: tuple[list[dict[str, Any]], list[list[dict[str, Any]]], list[str], list[int]],
        scheme: str,
    ) -> None:
        nonlocal compared
        events, writes, forms, query_times = drawn
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(scheme if scheme == "memory:" else f"lmdb:{folder}/store")
            for made in (plan(case), untiled(case)):
                with Writer(made, store) as writer:
                    write_all(writer, writes, forms, _schema(case), Path(folder))
                fetcher = Fetcher(made, store)
                for key, at in itertools.product(KEYS[:5], query_times):
                    assert_answer(
                        fetcher,
                        key,
                        at,
                        [
                            event
                            for event in events
                            if all(event[name] == key[name] for name in key)
                        ],
                    )
                    compared += len(made.features)
            store.close()

    check()
    assert compared >= LEAST_ANSWERS * few(16).max_examples


def assert_answer(
    fetcher: Fetcher, key: Mapping[str, Any], at: int, events: Sequence[Mapping[str, Any]]
) -> None:
    answer = fetcher.fetch(key, at=at)
    for feature in fetcher.plan.features:
        wrong = disagreement(
            asked(feature), answer.features[feature.name], events, at, finest_ms(fetcher.plan)
        )
        assert wrong is None, f"{feature.name} of {key} at {at}: {wrong}"


KEY_TYPES: dict[str, tuple[str, Sequence[Any]]] = {
    "texts": ("string", ["a::b", "", "{}", "a\0b", "\N{GRINNING FACE}", "s=a,i=1"]),
    "integers": ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
    "floats": ("double", [0.0, 0.1, -1e308, math.inf, 5e-324]),
    "booleans": ("boolean", [True, False]),
    "dates": ("date", [date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31)]),
    "timestamps": (
        "timestamp",
        [
            datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
            datetime(2024, 1, 4, tzinfo=UTC) + timedelta(microseconds=1),
        ],
    ),
    "decimals": ("decimal(12,3)", [Decimal("0.000"), Decimal("-1.500"), Decimal("999999999.999")]),
}


@pytest.mark.parametrize("kind", KEY_TYPES)
@pytest.mark.parametrize("form", ["arrow", ".parquet", ".csv", ".jsonl"])
def test_a_key_of_every_type_finds_its_events(tmp_path: Path, kind: str, form: str) -> None:
    """What was written under a key of any scalar type, through any kind of input, is fetched under
    the same key.
    """
    name, keys = KEY_TYPES[kind]
    schema = {"key": name, "value": "bigint"}
    made = plan_of(schema, ["key"], aggregations("value", [Operation.SUM]))
    rows = [{"key": key, "value": 10**place, "ts": AT - 1} for place, key in enumerate(keys)]
    store = open_store("memory:")
    with Writer(made, store) as writer:
        write_all(writer, [rows], [form], schema, tmp_path)
    assert [
        Fetcher(made, store).fetch({"key": key}, at=AT).features["value_sum_1h"] for key in keys
    ] == [row["value"] for row in rows]
