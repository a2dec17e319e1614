"""How each SQL dialect writes the parts of a state."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache

from sqlglot import exp

from ..plan.clocks import SPARK_CLOCK
from ..plan.sessions import DUCKDB_REWRITER, SPARK_EXCLUDED_RULES, SPARK_REWRITING
from ..plan.types import LIMB, decimal_scale, family
from .tree import Node


@dataclass(frozen=True)
class SqlDialect:
    """One dialect, by its name in sqlglot.

    The texts are templates over `{x}` (a value), `{t}` (its event's time), and for whole division
    `{a}` and `{b}`, where `{b}` divides `{a}`. Lists leave nulls out; where a tile has no value
    they are empty or null.
    """

    name: str
    try_cast: str
    days: str
    """A date as days since the epoch."""
    millis: str
    """A timestamp as whole milliseconds since the epoch, floored."""
    micros: str
    divided: str
    first: str
    """The value of the earliest time, of several at that time the largest."""
    last: str
    """The value of the latest time, of several at that time the largest."""
    listed: str
    distinct: str
    timed: str
    """A list of the pairs (t, x)."""
    hll: str = ""
    """A HyperLogLog sketch of texts, `{k}` its lgK, with the bytes and hashes of Apache
    DataSketches.
    """
    hll_of_integers: str = ""
    kll: str = ""
    """A KLL sketch of doubles, of size `{k}`, with the bytes of Apache DataSketches."""
    is_nan: str = "ISNAN({x})"
    """Whether a float is NaN."""
    nan_is_largest: bool = True
    """Whether the order of floats, MIN and MAX have NaN as the largest number."""
    float_tie: str = "{x}"
    short_calendar: bool = False
    """Whether dates cannot have all years from 1 to 9999."""
    types: dict[str, str] = field(default_factory=dict)
    """family -> type, where sqlglot's own translation would lose digits."""
    clock_ms: str = ""
    """The time of a query in epoch milliseconds; empty where it is not asked for."""
    wide: str = "DECIMAL(38,0)"
    """The DuckDB type whose like there has room for the product of two whole numbers."""
    has_widest_types_only: bool = False
    """Whether it has one type for all whole numbers, and one for all floats."""
    in_order: str = ""
    """What keeps a session from putting the operations of expressions in another order."""
    refused: frozenset[type[Node]] = frozenset()
    """What an author's expression may not hold, since this dialect computes it in another way."""

    def identifier(self, name: str) -> str:
        """Write a name, whatever it holds."""
        return _identifier(name, self.name)

    def literal(self, text: str) -> str:
        """Write a text, whatever it holds."""
        return _literal(text, self.name)

    def type_of(self, duckdb_type: str) -> str:
        """Name a DuckDB type in the dialect."""
        own = self.types.get(family(duckdb_type) or "")
        return own or _type(duckdb_type, self.name)

    def cast(self, value: str, duckdb_type: str) -> str:
        """Write a cast that is always possible."""
        return f"CAST({value} AS {self.type_of(duckdb_type)})"

    def tried(self, value: str, duckdb_type: str) -> str:
        """Write a cast that gives null where it fails."""
        return self.try_cast.format(x=value, type=self.type_of(duckdb_type))

    def time(self, value: str, duckdb_type: str) -> str:
        """Write an event's time in epoch milliseconds."""
        match family(duckdb_type):
            case "integer":
                return self.cast(value, "BIGINT")
            case "date":
                return f"{self.days.format(x=value)} * 86400000"
        return self.millis.format(x=value)

    def to_physical(self, value: str, duckdb_type: str) -> str:
        """Convert a value to what a tile keeps.

        It is an integer of 64 bits, a double or a text, the same as `plan/types.py` makes in
        DuckDB.
        """
        match family(duckdb_type):
            case "float":
                return self.cast(value, "DOUBLE")
            case "text":
                return value
            case "date":
                return self.cast(self.days.format(x=value), "BIGINT")
            case "timestamp":
                return self.micros.format(x=value)
            case "decimal":
                scale = decimal_scale(duckdb_type)
                return self.cast(
                    f"{self.cast(value, f'DECIMAL(38,{scale})')} * {10**scale}", "BIGINT"
                )
        return self.cast(value, "BIGINT")

    def limbs(self, value: str) -> tuple[str, str]:
        """Sum integers in a high and a low limb.

        Each limb is summed by itself, so that neither overflows.
        """
        low = f"MOD(MOD({value}, {LIMB}) + {LIMB}, {LIMB})"
        high = self.divided.format(a=f"({value} - {low})", b=LIMB)
        return self.cast(f"SUM({high})", "BIGINT"), self.cast(f"SUM({low})", "BIGINT")

    def endpoint(self, kind: str, value: str, duckdb_type: str, time: str) -> str:
        """Write the `first` or `last` value by time.

        At equal times it is the larger one.
        """
        tie = (self.float_tie if family(duckdb_type) == "float" else "{x}").format(x=value)
        kept_type = {"float": "DOUBLE", "text": "VARCHAR"}.get(family(duckdb_type) or "", "BIGINT")
        return (self.first if kind == "first" else self.last).format(
            x=value, t=time, tie=tie, type=self.type_of(kept_type)
        )

    def extreme(self, kind: str, value: str, duckdb_type: str) -> str:
        """Write the `MIN` or `MAX`.

        NaN is the largest number.
        """
        if family(duckdb_type) != "float" or self.nan_is_largest:
            return f"{kind}({value})"
        is_nan = self.is_nan.format(x=value)
        number, nan = (
            f"{kind}(CASE WHEN {condition} THEN {value} END)"
            for condition in (f"NOT {is_nan}", is_nan)
        )
        return f"COALESCE({f'{number}, {nan}' if kind == 'MIN' else f'{nan}, {number}'})"


# A query names its columns dozens of times, and each of these takes as long as a line of it.
@lru_cache(maxsize=4096)
def _identifier(name: str, dialect: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql(dialect))


@lru_cache(maxsize=4096)
def _literal(text: str, dialect: str) -> str:
    return str(exp.Literal.string(text).sql(dialect))


@cache
def _type(duckdb_type: str, dialect: str) -> str:
    return str(exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect))


_TABLE = (
    SqlDialect(
        "bigquery",
        try_cast="SAFE_CAST({x} AS {type})",
        days="DATE_DIFF({x}, DATE '1970-01-01', DAY)",
        millis="UNIX_MILLIS(CAST({x} AS TIMESTAMP))",
        micros="UNIX_MICROS(CAST({x} AS TIMESTAMP))",
        divided="DIV({a}, {b})",
        first="ARRAY_AGG({x} IGNORE NULLS ORDER BY {t}, {tie} DESC LIMIT 1)[SAFE_OFFSET(0)]",
        last="ARRAY_AGG({x} IGNORE NULLS ORDER BY {t} DESC, {tie} DESC LIMIT 1)[SAFE_OFFSET(0)]",
        listed="ARRAY_AGG({x} IGNORE NULLS)",
        distinct="ARRAY_AGG(DISTINCT {x} IGNORE NULLS)",
        timed=(
            "ARRAY_AGG(CASE WHEN NOT {x} IS NULL THEN STRUCT({t} AS t, {x} AS x) END IGNORE NULLS)"
        ),
        is_nan="IS_NAN({x})",
        nan_is_largest=False,
        float_tie="IS_NAN({x}) DESC, {x}",
        types={"decimal": "BIGNUMERIC"},
        has_widest_types_only=True,
    ),
    SqlDialect(
        "clickhouse",
        try_cast="accurateCastOrNull({x}, '{type}')",
        days="DATE_DIFF(DAY, toDate32('1970-01-01'), {x})",
        millis="toUnixTimestamp64Milli(CAST({x} AS Nullable(DateTime64(3, 'UTC'))))",
        micros="toUnixTimestamp64Micro(CAST({x} AS Nullable(DateTime64(6, 'UTC'))))",
        divided="intDiv({a}, {b})",
        first="argMaxIf({x}, (-{t}, {tie}), NOT {x} IS NULL)",
        last="argMaxIf({x}, ({t}, {tie}), NOT {x} IS NULL)",
        listed="groupArray({x})",
        distinct="groupUniqArray({x})",
        timed="groupArrayIf(({t}, {x}), NOT {x} IS NULL)",
        is_nan="isNaN({x})",
        nan_is_largest=False,
        float_tie="isNaN({x}), {x}",
        types={"date": "Nullable(Date32)", "timestamp": "Nullable(DateTime64(6, 'UTC'))"},
        short_calendar=True,
        wide="HUGEINT",
        # Of ASCII only, an error instead of a null, and days before 1970 that wrap round.
        refused=frozenset({exp.Upper, exp.Lower, exp.Cast, exp.TryCast}),
    ),
    SqlDialect(
        "duckdb",
        try_cast="TRY_CAST({x} AS {type})",
        days="({x} - DATE '1970-01-01')",
        millis="(EPOCH_US({x}) // 1000)",
        micros="EPOCH_US({x})",
        divided="({a} // {b})",
        first=(
            "STRUCT_EXTRACT(MAX(STRUCT_PACK(t := -{t}, x := {x})) FILTER (WHERE NOT {x} IS "
            "NULL), 'x')"
        ),
        last=(
            "STRUCT_EXTRACT(MAX(STRUCT_PACK(t := {t}, x := {x})) FILTER (WHERE NOT {x} IS NULL), "
            "'x')"
        ),
        listed="LIST({x}) FILTER (WHERE NOT {x} IS NULL)",
        distinct="LIST(DISTINCT {x}) FILTER (WHERE NOT {x} IS NULL)",
        timed="LIST(STRUCT_PACK(t := {t}, x := {x})) FILTER (WHERE NOT {x} IS NULL)",
        in_order=f"SET disabled_optimizers = '{DUCKDB_REWRITER}'",
    ),
    SqlDialect(
        "snowflake",
        try_cast="TRY_CAST({x} AS {type})",
        days="DATEDIFF(DAY, DATE '1970-01-01', {x})",
        millis="DATE_PART(EPOCH_MILLISECOND, {x})",
        micros="DATE_PART(EPOCH_MICROSECOND, {x})",
        divided="({a} / {b})",
        first="CAST(GET(ARRAY_AGG({x}) WITHIN GROUP (ORDER BY {t}, {x} DESC), 0) AS {type})",
        last="CAST(GET(ARRAY_AGG({x}) WITHIN GROUP (ORDER BY {t} DESC, {x} DESC), 0) AS {type})",
        listed="ARRAY_AGG({x})",
        distinct="ARRAY_AGG(DISTINCT {x})",
        timed="ARRAY_AGG(CASE WHEN NOT {x} IS NULL THEN OBJECT_CONSTRUCT('t', {t}, 'x', {x}) END)",
        is_nan="({x} = CAST('NaN' AS DOUBLE))",
        # It tries casts of texts only.
        refused=frozenset({exp.TryCast}),
    ),
    SqlDialect(
        "spark",
        try_cast="TRY_CAST({x} AS {type})",
        days="DATEDIFF({x}, DATE'1970-01-01')",
        millis="UNIX_MILLIS(CAST({x} AS TIMESTAMP))",
        micros="UNIX_MICROS(CAST({x} AS TIMESTAMP))",
        divided="({a} DIV {b})",
        first="MAX(STRUCT(-{t} AS t, {x} AS x)) FILTER (WHERE NOT {x} IS NULL).x",
        last="MAX(STRUCT({t} AS t, {x} AS x)) FILTER (WHERE NOT {x} IS NULL).x",
        listed="COLLECT_LIST({x})",
        distinct="COLLECT_SET({x})",
        timed="COLLECT_LIST(STRUCT({t} AS t, {x} AS x)) FILTER (WHERE NOT {x} IS NULL)",
        # Of no values they are sketches too. The empty text, which HLL passes over, is the text
        # that the runtime takes for it.
        hll=(
            "CASE WHEN COUNT({x}) > 0 THEN HLL_SKETCH_AGG(CASE WHEN {x} = '' THEN CONCAT(CHR(0), "
            "'empty') ELSE {x} END, {k}) END"
        ),
        hll_of_integers="CASE WHEN COUNT({x}) > 0 THEN HLL_SKETCH_AGG({x}, {k}) END",
        kll="CASE WHEN COUNT({x}) > 0 THEN KLL_SKETCH_AGG_DOUBLE({x}, {k}) END",
        clock_ms=SPARK_CLOCK,
        in_order=f"SET {SPARK_EXCLUDED_RULES} = {SPARK_REWRITING}",
    ),
    SqlDialect(
        "trino",
        try_cast="TRY_CAST({x} AS {type})",
        days="DATE_DIFF('DAY', DATE '1970-01-01', {x})",
        millis=(
            "DATE_DIFF('MILLISECOND', FROM_UNIXTIME(0), CAST({x} AS TIMESTAMP(6) WITH TIME ZONE))"
        ),
        # A double has a tenth of a microsecond to spare until the year 2242.
        micros="CAST(ROUND(TO_UNIXTIME({x}) * 1000000) AS BIGINT)",
        divided="({a} / {b})",
        first="ELEMENT_AT(ARRAY_AGG({x} ORDER BY {t}, {x} DESC) FILTER (WHERE NOT {x} IS NULL), 1)",
        last=(
            "ELEMENT_AT(ARRAY_AGG({x} ORDER BY {t} DESC, {x} DESC) FILTER (WHERE NOT {x} IS "
            "NULL), 1)"
        ),
        listed="ARRAY_AGG({x}) FILTER (WHERE NOT {x} IS NULL)",
        distinct="ARRAY_AGG(DISTINCT {x}) FILTER (WHERE NOT {x} IS NULL)",
        timed=(
            "ARRAY_AGG(CAST(ROW({t}, {x}) AS ROW(t BIGINT, x {type}))) FILTER (WHERE NOT {x} IS "
            "NULL)"
        ),
        is_nan="IS_NAN({x})",
        wide="DECIMAL(19,0)",  # the digits of a product are those of both together, 38 at most
    ),
)

#: name in sqlglot -> what is known of it
DIALECTS = {dialect.name: dialect for dialect in _TABLE}
