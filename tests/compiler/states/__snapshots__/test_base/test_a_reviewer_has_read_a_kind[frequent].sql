-- BIGINT, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(String)))
duckdb: LIST(CAST("x" AS TEXT)) FILTER (WHERE NOT CAST("x" AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS VARCHAR))
spark: COLLECT_LIST(CAST(`x` AS STRING))
trino: ARRAY_AGG(CAST("x" AS VARCHAR)) FILTER (WHERE NOT CAST("x" AS VARCHAR) IS NULL)

-- DOUBLE, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(String)))
duckdb: LIST(CAST("x" AS TEXT)) FILTER (WHERE NOT CAST("x" AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS VARCHAR))
spark: COLLECT_LIST(CAST(`x` AS STRING))
trino: ARRAY_AGG(CAST("x" AS VARCHAR)) FILTER (WHERE NOT CAST("x" AS VARCHAR) IS NULL)

-- DECIMAL(12,3), timed: False
-- sketch None None kept: True
duckdb: list(CAST(CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT) AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST(CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)) AS Nullable(String)))
duckdb: LIST(CAST(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS TEXT)) FILTER (WHERE NOT CAST(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS VARCHAR))
spark: COLLECT_LIST(CAST(CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS STRING))
trino: ARRAY_AGG(CAST(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS VARCHAR)) FILTER (WHERE NOT CAST(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS VARCHAR) IS NULL)

-- BOOLEAN, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(String)))
duckdb: LIST(CAST("x" AS TEXT)) FILTER (WHERE NOT CAST("x" AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS VARCHAR))
spark: COLLECT_LIST(CAST(`x` AS STRING))
trino: ARRAY_AGG(CAST("x" AS VARCHAR)) FILTER (WHERE NOT CAST("x" AS VARCHAR) IS NULL)

-- VARCHAR, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(String)))
duckdb: LIST(CAST("x" AS TEXT)) FILTER (WHERE NOT CAST("x" AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS VARCHAR))
spark: COLLECT_LIST(CAST(`x` AS STRING))
trino: ARRAY_AGG(CAST("x" AS VARCHAR)) FILTER (WHERE NOT CAST("x" AS VARCHAR) IS NULL)

-- DATE, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(String)))
duckdb: LIST(CAST("x" AS TEXT)) FILTER (WHERE NOT CAST("x" AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS VARCHAR))
spark: COLLECT_LIST(CAST(`x` AS STRING))
trino: ARRAY_AGG(CAST("x" AS VARCHAR)) FILTER (WHERE NOT CAST("x" AS VARCHAR) IS NULL)

-- TIMESTAMP WITH TIME ZONE, timed: False
-- sketch None None kept: True
duckdb: list(CAST(epoch_us("x") AS VARCHAR)) FILTER (WHERE "x" IS NOT NULL)
-- 512 bytes where its length changes
bigquery: ARRAY_AGG(CAST(UNIX_MICROS(CAST(`x` AS TIMESTAMP)) AS STRING) IGNORE NULLS)
clickhouse: groupArray(CAST(toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))) AS Nullable(String)))
duckdb: LIST(CAST(EPOCH_US("x") AS TEXT)) FILTER (WHERE NOT CAST(EPOCH_US("x") AS TEXT) IS NULL)
snowflake: ARRAY_AGG(CAST(DATE_PART(EPOCH_MICROSECOND, "x") AS VARCHAR))
spark: COLLECT_LIST(CAST(UNIX_MICROS(CAST(`x` AS TIMESTAMP)) AS STRING))
trino: ARRAY_AGG(CAST(CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) AS VARCHAR)) FILTER (WHERE NOT CAST(CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) AS VARCHAR) IS NULL)
