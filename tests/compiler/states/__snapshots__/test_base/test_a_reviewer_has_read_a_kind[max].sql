-- BIGINT, timed: False
-- value i64 max kept: True
duckdb: max(CAST("x" AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MAX({x}), CAST('-9223372036854775808' AS BIGINT))
bigquery: MAX(CAST(`x` AS INT64))
clickhouse: MAX(CAST("x" AS Nullable(Int64)))
duckdb: MAX(CAST("x" AS BIGINT))
snowflake: MAX(CAST("x" AS BIGINT))
spark: MAX(CAST(`x` AS BIGINT))
trino: MAX(CAST("x" AS BIGINT))

-- DOUBLE, timed: False
-- value f64 max kept: True
duckdb: max(CAST("x" AS DOUBLE))
-- 16 bytes where its length changes
flink: value DOUBLE MAX({x}) FILTER (WHERE NOT ({is_nan}))
flink: nan BIGINT COUNT(*) FILTER (WHERE {is_nan})
taken over: value CASE WHEN {nan} > 0 THEN CAST('NaN' AS DOUBLE) ELSE {value} END
bigquery: COALESCE(MAX(CASE WHEN IS_NAN(CAST(`x` AS FLOAT64)) THEN CAST(`x` AS FLOAT64) END), MAX(CASE WHEN NOT IS_NAN(CAST(`x` AS FLOAT64)) THEN CAST(`x` AS FLOAT64) END))
clickhouse: COALESCE(MAX(CASE WHEN isNaN(CAST("x" AS Nullable(Float64))) THEN CAST("x" AS Nullable(Float64)) END), MAX(CASE WHEN NOT isNaN(CAST("x" AS Nullable(Float64))) THEN CAST("x" AS Nullable(Float64)) END))
duckdb: MAX(CAST("x" AS DOUBLE))
snowflake: MAX(CAST("x" AS DOUBLE))
spark: MAX(CAST(`x` AS DOUBLE))
trino: MAX(CAST("x" AS DOUBLE))

-- DECIMAL(12,3), timed: False
-- value i64 max kept: True
duckdb: max(CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MAX({x}), CAST('-9223372036854775808' AS BIGINT))
bigquery: MAX(CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64))
clickhouse: MAX(CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)))
duckdb: MAX(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))
snowflake: MAX(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))
spark: MAX(CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT))
trino: MAX(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))

-- BOOLEAN, timed: False
-- value i64 max kept: True
duckdb: max(CAST("x" AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MAX({x}), CAST('-9223372036854775808' AS BIGINT))
bigquery: MAX(CAST(`x` AS INT64))
clickhouse: MAX(CAST("x" AS Nullable(Int64)))
duckdb: MAX(CAST("x" AS BIGINT))
snowflake: MAX(CAST("x" AS BIGINT))
spark: MAX(CAST(`x` AS BIGINT))
trino: MAX(CAST("x" AS BIGINT))

-- VARCHAR, timed: False
-- value None None kept: True
duckdb: max("x")
-- 16 bytes where its length changes
flink: value VARCHAR MAX(CONCAT({x}, ''))
bigquery: MAX(`x`)
clickhouse: MAX("x")
duckdb: MAX("x")
snowflake: MAX("x")
spark: MAX(`x`)
trino: MAX("x")

-- DATE, timed: False
-- value i64 max kept: True
duckdb: max(CAST("x" - DATE '1970-01-01' AS BIGINT))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MAX({x}), CAST('-9223372036854775808' AS BIGINT))
bigquery: MAX(CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64))
clickhouse: MAX(CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)))
duckdb: MAX(CAST(("x" - DATE '1970-01-01') AS BIGINT))
snowflake: MAX(CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT))
spark: MAX(CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT))
trino: MAX(CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT))

-- TIMESTAMP WITH TIME ZONE, timed: False
-- value i64 max kept: True
duckdb: max(epoch_us("x"))
-- 16 bytes where its length changes
flink: value BIGINT COALESCE(MAX({x}), CAST('-9223372036854775808' AS BIGINT))
bigquery: MAX(UNIX_MICROS(CAST(`x` AS TIMESTAMP)))
clickhouse: MAX(toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))))
duckdb: MAX(EPOCH_US("x"))
snowflake: MAX(DATE_PART(EPOCH_MICROSECOND, "x"))
spark: MAX(UNIX_MICROS(CAST(`x` AS TIMESTAMP)))
trino: MAX(CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT))
