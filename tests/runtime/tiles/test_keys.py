"""Keys: the text of an entity, the ids of tiles, and the ordered form."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.kernels import numpy_only
from support.plans import AT, DAY, HOUR, MINUTE, SECOND
from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Column
from tilewright_runtime.errors import KeyValueError
from tilewright_runtime.tiles.cover import floor
from tilewright_runtime.tiles.entities import decode_entity, entity_encoder, key_values
from tilewright_runtime.tiles.keys import (
    EVENTS,
    TILES,
    TileKeys,
    ordered_prefix,
    ordered_tail,
    parse_ordered_key,
    text_key,
    tile_id,
)

#: What people put into keys to break them, and what breaks them by accident.
HOSTILE = [
    "",
    "::",
    "{}",
    "{a}::1h",
    "a,b",
    "s=a",
    "%2C",
    "%",
    "\0",
    "\n",
    "é",
    "e\u0301",
    "\N{GRINNING FACE}",
    "1",
    "true",
    "null",
    " ",
    "\ufeff",
]

texts = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=12)
    | st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": texts,
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(allow_nan=False),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(),
    "TIMESTAMP WITH TIME ZONE": st.datetimes(timezones=st.just(UTC)),
    "DECIMAL(18,4)": st.decimals(places=4, min_value=-(10**14) + 1, max_value=10**14 - 1),
}
kinds = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3)


def columns(types: list[str]) -> list[Column]:
    return [Column(name=f"k{i}", type=kind) for i, kind in enumerate(types)]


@st.composite
def entities(draw: st.DrawFn, count: int) -> tuple[list[str], list[list[Any]]]:
    """Column types, and that many entities of those types."""
    types = draw(kinds)
    return types, [[draw(VALUES[kind]) for kind in types] for _ in range(count)]


@given(entities(1))
def test_the_text_of_an_entity_is_reversible(drawn: tuple[list[str], list[list[Any]]]) -> None:
    """Key values of every type come back from the entity's text as they were."""
    types, (values,) = drawn
    assert list(decode_entity(entity_encoder(columns(types))(values))) == values


@given(entities(2))
def test_the_text_of_an_entity_is_injective(drawn: tuple[list[str], list[list[Any]]]) -> None:
    """Different entities of a plan have different texts."""
    types, (one, other) = drawn
    assume(one != other)
    encode = entity_encoder(columns(types))
    assert encode(one) != encode(other)


@given(st.lists(texts, min_size=1, max_size=3), st.lists(texts, min_size=1, max_size=3))
def test_no_value_reaches_into_its_neighbour(one: list[str], other: list[str]) -> None:
    """`a` + `b::c` is not `a::b` + `c`, whatever the values and however many columns."""
    assume(one != other)
    assert entity_encoder(columns(["VARCHAR"] * len(one)))(one) != entity_encoder(
        columns(["VARCHAR"] * len(other))
    )(other)


@given(entities(1))
def test_the_text_of_an_entity_is_plain(drawn: tuple[list[str], list[list[Any]]]) -> None:
    """It is made of unreserved characters, `%`, `=` and `,` only: no brace, colon, space or NUL can
    break a key.
    """
    types, (values,) = drawn
    assert re.fullmatch(r"[A-Za-z0-9\-._~%=,]+", entity_encoder(columns(types))(values))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("VARCHAR", "\ud800"),
        ("VARCHAR", None),
        ("VARCHAR", b"a"),
        pytest.param("BIGINT", 10**5000, id="huge BIGINT"),
        ("BIGINT", "9" * 5000),
        ("BIGINT", 1.5),
        ("BIGINT", np.True_),
        ("DOUBLE", "nan"),
        pytest.param("DOUBLE", 10**5000, id="huge DOUBLE"),
        ("FLOAT", 1e300),
        ("BOOLEAN", 1),
        ("DATE", "2024-13-01"),
        ("DATE", datetime(2024, 1, 4)),
        ("TIMESTAMP", "0001-01-01T00:00:00+05:00"),
        ("TIMESTAMP", "9999-12-31T23:59:59-05:00"),
        ("TIMESTAMP", datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))),
        ("TIMESTAMP", pd.NaT),
        ("TIMESTAMP", 5),
        ("DECIMAL(10,2)", "1e9999999"),
        ("DECIMAL(10,2)", "1e-9999999"),
        ("DECIMAL(10,2)", "12.505"),
        pytest.param("DECIMAL(10,2)", 10**5000, id="huge DECIMAL(10,2)"),
        ("DECIMAL(10,2)", "sNaN"),
        ("DECIMAL(10,2)", "Infinity"),
        ("DECIMAL(10,2)", 12.5),
        ("DECIMAL(10,2)", [1]),
    ],
)
def test_a_value_that_is_no_key_is_refused(kind: str, value: Any) -> None:
    """It ends in an error that names the key, never in one of Python's own."""
    with pytest.raises(KeyValueError, match=r"key k0: .* is not "):
        entity_encoder(columns([kind]))([value])


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        ("FLOAT", [0.1, "0.1", np.float32(0.1), 0.10000000149011612], "f=0.10000000149011612"),
        ("DOUBLE", [0.5, "0.5", np.float32(0.5)], "f=0.5"),
        ("BIGINT", [7, "7", np.int8(7)], "i=7"),
        ("BOOLEAN", [True, np.True_, "true"], "b=true"),
        ("TIMESTAMP", [datetime(2024, 1, 4), pd.Timestamp("2024-01-04")], "t=1704326400000000"),
        ("DECIMAL(18,4)", [Decimal("12345678901234.5678")], "n=12345678901234.5678"),
        ("DECIMAL(10,2)", ["12.50", Decimal("12.5000"), "1250e-2"], "n=12.5"),
        ("DECIMAL(10,2)", ["-0.00", 0], "n=0"),
        ("DECIMAL(10,2)", ["1e3", 1000], "n=1000"),
    ],
)
def test_one_value_in_many_forms_is_one_entity(kind: str, values: list[Any], text: str) -> None:
    """A value has the text of its column's type, whatever the caller's decimal context."""
    with localcontext(prec=3):
        assert {entity_encoder(columns([kind]))([value]) for value in values} == {text}


def test_keys_may_be_a_row_of_pandas() -> None:
    """A Series has its labels as names; one that does not fit is told by its labels too."""
    keyed = columns(["VARCHAR", "BIGINT"])
    row: Any = pd.Series({"k0": "a", "k1": np.int64(3)})
    assert key_values(keyed, row) == ["a", 3]
    with pytest.raises(KeyValueError, match="key 'x' is not in the plan: its keys are k0, k1"):
        key_values(keyed, pd.Series({"k0": "a", "x": 3}))


def test_a_number_and_its_text_are_two_entities() -> None:
    """`1` and `"1"`, and a true and "true", do not collide."""
    made = {
        entity_encoder(columns([kind]))([value])
        for kind, value in (
            ("BIGINT", 1),
            ("VARCHAR", "1"),
            ("DOUBLE", 1.0),
            ("DECIMAL(4,0)", Decimal(1)),
        )
    }
    made |= {
        entity_encoder(columns([kind]))([value])
        for kind, value in (("BOOLEAN", True), ("VARCHAR", "true"))
    }
    assert len(made) == 6


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("DOUBLE", 0.0, -0.0),
        ("DOUBLE", 1, "1.0"),
        ("BIGINT", 7, "7"),
        ("DECIMAL(18,4)", Decimal("1.50"), "1.5"),
        ("BOOLEAN", True, "true"),
        ("DATE", date(2024, 1, 4), "2024-01-04"),
        (
            "TIMESTAMP WITH TIME ZONE",
            datetime(2024, 1, 4, 14, tzinfo=UTC),
            "2024-01-04T15:00:00+01:00",
        ),
    ],
)
def test_one_value_has_one_text(kind: str, one: Any, other: Any) -> None:
    """A key means the same entity as a Python value and as the text that a command line or a JSON
    line gives.
    """
    encode = entity_encoder(columns([kind]))
    assert encode([one]) == encode([other])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("VARCHAR", 1),
        ("VARCHAR", None),
        ("VARCHAR", b"a"),
        ("VARCHAR", "\ud800"),
        ("BIGINT", "x"),
        ("BIGINT", 1.5),
        ("BIGINT", True),
        ("BIGINT", None),
        ("BIGINT", 2**63),
        ("DOUBLE", float("nan")),
        ("DOUBLE", "one"),
        ("BOOLEAN", 1),
        ("BOOLEAN", "yes"),
        ("DATE", "2024-02-30"),
        ("DATE", datetime(2024, 1, 1)),
        ("TIMESTAMP WITH TIME ZONE", "noon"),
        ("TIMESTAMP WITH TIME ZONE", 5),
        ("DECIMAL(18,4)", 0.5),
        ("DECIMAL(18,4)", "NaN"),
    ],
)
def test_a_key_of_another_type_is_refused(kind: str, value: Any) -> None:
    """A value that is not of the column's type is an error that names the column and the type."""
    with pytest.raises(
        KeyValueError, match=r"^key k0: .* which the plan's type " + re.escape(kind)
    ):
        entity_encoder(columns([kind]))([value])


def test_a_surrogate_is_refused_in_plain_words() -> None:
    """Half a character is no text; the message does not show the insides of a codec."""
    with pytest.raises(KeyValueError) as error:
        entity_encoder(columns(["VARCHAR"]))(["\ud800"])
    assert "codec" not in str(error.value)


def test_keys_are_taken_by_name() -> None:
    """The order in which a request names its keys does not matter."""
    assert key_values(columns(["BIGINT", "VARCHAR"]), {"k1": "a", "k0": 1}) == [1, "a"]


def test_a_missing_key_is_named() -> None:
    """A request without a key column is an error that names it and the plan's keys."""
    with pytest.raises(KeyValueError, match="'k1' is missing: the plan's keys are k0, k1"):
        key_values(columns(["BIGINT", "VARCHAR"]), {"k0": 1})


def test_an_unknown_key_is_named() -> None:
    """A request with a key that the plan does not have is an error that names it."""
    with pytest.raises(KeyValueError, match="'color' is not in the plan: its keys are k0"):
        key_values(columns(["BIGINT"]), {"k0": 1, "color": "red"})


SIZES = [
    SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    90 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    36 * HOUR,
    7 * DAY,
]
moments = st.integers(365 * DAY, 130 * 365 * DAY)


@given(st.tuples(moments, st.sampled_from(SIZES)), st.tuples(moments, st.sampled_from(SIZES)))
def test_k1_k3_no_two_tiles_share_a_key(one: tuple[int, int], other: tuple[int, int]) -> None:
    """The size and the id of a tile tell it from every other tile of every size."""
    tiles = {(floor(moment, size), size) for moment, size in (one, other)}
    assert len(
        {text_key("g", "s=a", format_duration(size), tile_id(start, size)) for start, size in tiles}
    ) == len(tiles)


@pytest.mark.parametrize("size", SIZES)
def test_k1_neighbouring_tiles_have_different_ids(size: int) -> None:
    """A hundred tiles in a row have a hundred ids, in the order of their starts."""
    first = floor(AT, size)
    ids = [tile_id(first + i * size, size) for i in range(100)]
    assert ids == sorted(set(ids))


def test_k6_the_worked_example_in_utc() -> None:
    """1704379045 is 14:37:25 UTC and 1704377845 is 14:17:25; their 15-minute tiles begin at 14:30
    and 14:15.
    """
    assert datetime.fromtimestamp(AT / 1000, UTC) == datetime(2024, 1, 4, 14, 37, 25, tzinfo=UTC)
    assert [
        tile_id(floor(at, 15 * MINUTE), 15 * MINUTE)
        for at in (1_704_379_045_000, 1_704_377_845_000)
    ] == [
        "202401041430",
        "202401041415",
    ]


def test_a_text_key_reads_as_documented() -> None:
    """A whole key is `tiles::{group_by}::` + the entity in braces + `::{size}::{tile_id}`."""
    entity = entity_encoder(columns(["VARCHAR", "BIGINT"]))(["user 1", 7])
    assert (
        text_key("clicks", entity, "15m", "202401041030")
        == "tiles::clicks::{s=user%201,i=7}::15m::202401041030"
    )


@pytest.mark.parametrize(
    ("size", "made"),
    [
        (DAY, "20240104"),
        (6 * HOUR, "2024010412"),
        (MINUTE, "202401041437"),
        (SECOND, "20240104143725"),
    ],
)
def test_a_tile_id_is_as_short_as_its_size_allows(size: int, made: str) -> None:
    """Whole days, hours and minutes leave the finer digits away."""
    assert tile_id(floor(AT, size), size) == made


tile = st.tuples(st.sampled_from(SIZES), st.integers(-(2**50), 2**50))


@given(tile, tile)
def test_ordered_keys_sort_by_level_and_start(one: tuple[int, int], other: tuple[int, int]) -> None:
    """The bytes of the keys of an entity sort as (size, start) do, also before 1970."""
    prefix = ordered_prefix("g", "s=a")
    assert (prefix + ordered_tail(*one) < prefix + ordered_tail(*other)) == (one < other)


#: A tile of the years 1 to 9999, as others have no key.
dated_tile = st.sampled_from(SIZES).flatmap(
    lambda size_ms: st.tuples(
        st.just(size_ms),
        st.integers(-62_135_596_800_000, 253_402_300_799_999 - size_ms).map(
            lambda at_ms: -(-at_ms // size_ms) * size_ms
        ),
    )
)


@given(entities(1), dated_tile)
def test_an_ordered_key_is_reversible(
    drawn: tuple[list[str], list[list[Any]]], place: tuple[int, int]
) -> None:
    """All five fields come back from the bytes of a key, whatever the entity holds."""
    entity = entity_encoder(columns(drawn[0]))(drawn[1][0])
    for kind in (TILES, EVENTS):
        key = ordered_prefix("a.b", entity) + ordered_tail(*place, kind)
        assert parse_ordered_key(key) == ("a.b", entity, kind, *place)


@pytest.mark.parametrize("start_ms", [-62_135_596_800_001, 253_402_300_800_000])
def test_an_ordered_key_of_no_calendar_year_is_refused(start_ms: int) -> None:
    """A start before the year 1 or after 9999 has no id, so a store that has one is damaged."""
    key = ordered_prefix("g", "s=a") + ordered_tail(300_000, start_ms)
    with pytest.raises(ValueError, match="is no key of a tile"):
        parse_ordered_key(key)


@pytest.mark.parametrize(("size_ms", "start_ms"), [(0, 0), (1_500, 0), (300_000, 1_000)])
def test_an_ordered_key_of_no_tile_is_refused(size_ms: int, start_ms: int) -> None:
    """A level has whole seconds, and its tiles begin at multiples of them."""
    with pytest.raises(ValueError, match="is no key of a tile"):
        parse_ordered_key(ordered_prefix("g", "s=a") + ordered_tail(size_ms, start_ms))


def test_an_ordered_key_holds_the_size_of_raw_events_as_a_negative_number() -> None:
    """The bytes of keys are those of stores that are already written."""
    tiles, chunks = (
        TileKeys("g", 300_000, ["s=a"], [0], [600_000], kind).ordered for kind in (TILES, EVENTS)
    )
    start = bytes.fromhex("80000000000927c0")
    assert tiles == [b"g\0s=a\0" + bytes.fromhex("00000000000493e0") + start]
    assert chunks == [b"g\0s=a\0" + bytes.fromhex("fffffffffffb6c20") + start]


@given(entities(2), tile)
def test_no_entitys_keys_lie_among_anothers(
    drawn: tuple[list[str], list[list[Any]]], place: tuple[int, int]
) -> None:
    """The tiles of an entity are neighbours: no key of another one begins with its prefix."""
    one, other = (entity_encoder(columns(drawn[0]))(values) for values in drawn[1])
    assume(one != other)
    assert not (ordered_prefix("g", other) + ordered_tail(*place)).startswith(
        ordered_prefix("g", one)
    )


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-(2**40), 2**40)), max_size=5))
def test_the_kernel_writes_the_same_ordered_keys(tiles: list[tuple[int, int]]) -> None:
    """As numpy does, and as the parts of keys say."""
    entities = ["s=a", "s=", "i=-1"]
    keys = TileKeys("g", HOUR, entities, [one for one, _ in tiles], [start for _, start in tiles])
    with numpy_only():
        reference = keys.copied().ordered
    assert keys.ordered == reference
    expected = [ordered_prefix("g", entities[one]) + ordered_tail(HOUR, at) for one, at in tiles]
    assert reference == expected
