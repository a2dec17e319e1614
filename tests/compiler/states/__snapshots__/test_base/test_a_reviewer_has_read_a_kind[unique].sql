-- BIGINT, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT CAST(`x` AS INT64) IGNORE NULLS)
clickhouse: groupUniqArray(CAST("x" AS Nullable(Int64)))
duckdb: LIST(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(DISTINCT CAST("x" AS BIGINT))
spark: COLLECT_SET(CAST(`x` AS BIGINT))
trino: ARRAY_AGG(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)

-- DOUBLE, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT CAST(`x` AS FLOAT64) IGNORE NULLS)
clickhouse: groupUniqArray(CAST("x" AS Nullable(Float64)))
duckdb: LIST(DISTINCT CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
snowflake: ARRAY_AGG(DISTINCT CAST("x" AS DOUBLE))
spark: COLLECT_SET(CAST(`x` AS DOUBLE))
trino: ARRAY_AGG(DISTINCT CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)

-- DECIMAL(12,3), timed: False
-- entries None None kept: True
duckdb: list(DISTINCT CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) IGNORE NULLS)
clickhouse: groupUniqArray(CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)))
duckdb: LIST(DISTINCT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT)) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(DISTINCT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))
spark: COLLECT_SET(CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT))
trino: ARRAY_AGG(DISTINCT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT)) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL)

-- BOOLEAN, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT CAST(`x` AS INT64) IGNORE NULLS)
clickhouse: groupUniqArray(CAST("x" AS Nullable(Int64)))
duckdb: LIST(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(DISTINCT CAST("x" AS BIGINT))
spark: COLLECT_SET(CAST(`x` AS BIGINT))
trino: ARRAY_AGG(DISTINCT CAST("x" AS BIGINT)) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)

-- VARCHAR, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT "x") FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT `x` IGNORE NULLS)
clickhouse: groupUniqArray("x")
duckdb: LIST(DISTINCT "x") FILTER (WHERE NOT "x" IS NULL)
snowflake: ARRAY_AGG(DISTINCT "x")
spark: COLLECT_SET(`x`)
trino: ARRAY_AGG(DISTINCT "x") FILTER (WHERE NOT "x" IS NULL)

-- DATE, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT CAST("x" - DATE '1970-01-01' AS BIGINT)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64) IGNORE NULLS)
clickhouse: groupUniqArray(CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)))
duckdb: LIST(DISTINCT CAST(("x" - DATE '1970-01-01') AS BIGINT)) FILTER (WHERE NOT CAST(("x" - DATE '1970-01-01') AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(DISTINCT CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT))
spark: COLLECT_SET(CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT))
trino: ARRAY_AGG(DISTINCT CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT)) FILTER (WHERE NOT CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT) IS NULL)

-- TIMESTAMP WITH TIME ZONE, timed: False
-- entries None None kept: True
duckdb: list(DISTINCT epoch_us("x")) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(DISTINCT UNIX_MICROS(CAST(`x` AS TIMESTAMP)) IGNORE NULLS)
clickhouse: groupUniqArray(toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))))
duckdb: LIST(DISTINCT EPOCH_US("x")) FILTER (WHERE NOT EPOCH_US("x") IS NULL)
snowflake: ARRAY_AGG(DISTINCT DATE_PART(EPOCH_MICROSECOND, "x"))
spark: COLLECT_SET(UNIX_MICROS(CAST(`x` AS TIMESTAMP)))
trino: ARRAY_AGG(DISTINCT CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT)) FILTER (WHERE NOT CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) IS NULL)
