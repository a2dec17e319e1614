-- BIGINT, timed: False
-- value i64 min kept: True
duckdb: min(CAST("x" AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MIN({x}), CAST('9223372036854775807' AS BIGINT))
bigquery: MIN(CAST(`x` AS INT64))
clickhouse: MIN(CAST("x" AS Nullable(Int64)))
duckdb: MIN(CAST("x" AS BIGINT))
snowflake: MIN(CAST("x" AS BIGINT))
spark: MIN(CAST(`x` AS BIGINT))
trino: MIN(CAST("x" AS BIGINT))

-- DOUBLE, timed: False
-- value f64 min kept: True
duckdb: min(CAST("x" AS DOUBLE))
-- 16 bytes where its length changes
flink: value DOUBLE MIN({x}) FILTER (WHERE NOT ({is_nan}))
bigquery: COALESCE(MIN(CASE WHEN NOT IS_NAN(CAST(`x` AS FLOAT64)) THEN CAST(`x` AS FLOAT64) END), MIN(CASE WHEN IS_NAN(CAST(`x` AS FLOAT64)) THEN CAST(`x` AS FLOAT64) END))
clickhouse: COALESCE(MIN(CASE WHEN NOT isNaN(CAST("x" AS Nullable(Float64))) THEN CAST("x" AS Nullable(Float64)) END), MIN(CASE WHEN isNaN(CAST("x" AS Nullable(Float64))) THEN CAST("x" AS Nullable(Float64)) END))
duckdb: MIN(CAST("x" AS DOUBLE))
snowflake: MIN(CAST("x" AS DOUBLE))
spark: MIN(CAST(`x` AS DOUBLE))
trino: MIN(CAST("x" AS DOUBLE))

-- DECIMAL(12,3), timed: False
-- value i64 min kept: True
duckdb: min(CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MIN({x}), CAST('9223372036854775807' AS BIGINT))
bigquery: MIN(CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64))
clickhouse: MIN(CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)))
duckdb: MIN(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))
snowflake: MIN(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))
spark: MIN(CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT))
trino: MIN(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))

-- BOOLEAN, timed: False
-- value i64 min kept: True
duckdb: min(CAST("x" AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MIN({x}), CAST('9223372036854775807' AS BIGINT))
bigquery: MIN(CAST(`x` AS INT64))
clickhouse: MIN(CAST("x" AS Nullable(Int64)))
duckdb: MIN(CAST("x" AS BIGINT))
snowflake: MIN(CAST("x" AS BIGINT))
spark: MIN(CAST(`x` AS BIGINT))
trino: MIN(CAST("x" AS BIGINT))

-- VARCHAR, timed: False
-- value None None kept: True
duckdb: min("x")
-- 16 bytes where its length changes
flink: value VARCHAR MIN(CONCAT({x}, ''))
bigquery: MIN(`x`)
clickhouse: MIN("x")
duckdb: MIN("x")
snowflake: MIN("x")
spark: MIN(`x`)
trino: MIN("x")

-- DATE, timed: False
-- value i64 min kept: True
duckdb: min(CAST("x" - DATE '1970-01-01' AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MIN({x}), CAST('9223372036854775807' AS BIGINT))
bigquery: MIN(CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64))
clickhouse: MIN(CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)))
duckdb: MIN(CAST(("x" - DATE '1970-01-01') AS BIGINT))
snowflake: MIN(CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT))
spark: MIN(CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT))
trino: MIN(CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT))

-- TIMESTAMP WITH TIME ZONE, timed: False
-- value i64 min kept: True
duckdb: min(epoch_us("x"))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MIN({x}), CAST('9223372036854775807' AS BIGINT))
bigquery: MIN(UNIX_MICROS(CAST(`x` AS TIMESTAMP)))
clickhouse: MIN(toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))))
duckdb: MIN(EPOCH_US("x"))
snowflake: MIN(DATE_PART(EPOCH_MICROSECOND, "x"))
spark: MIN(UNIX_MICROS(CAST(`x` AS TIMESTAMP)))
trino: MIN(CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT))
