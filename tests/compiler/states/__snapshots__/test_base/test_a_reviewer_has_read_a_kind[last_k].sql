-- BIGINT, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT CAST(`x` AS INT64) IS NULL THEN STRUCT(`__ts` AS t, CAST(`x` AS INT64) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", CAST("x" AS Nullable(Int64))), NOT CAST("x" AS Nullable(Int64)) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := CAST("x" AS BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT CAST("x" AS BIGINT) IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', CAST("x" AS BIGINT)) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, CAST(`x` AS BIGINT) AS x)) FILTER (WHERE NOT CAST(`x` AS BIGINT) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST("x" AS BIGINT)) AS ROW(t BIGINT, x BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)

-- DOUBLE, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := CAST("x" AS DOUBLE))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT CAST(`x` AS FLOAT64) IS NULL THEN STRUCT(`__ts` AS t, CAST(`x` AS FLOAT64) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", CAST("x" AS Nullable(Float64))), NOT CAST("x" AS Nullable(Float64)) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := CAST("x" AS DOUBLE))) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT CAST("x" AS DOUBLE) IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', CAST("x" AS DOUBLE)) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, CAST(`x` AS DOUBLE) AS x)) FILTER (WHERE NOT CAST(`x` AS DOUBLE) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST("x" AS DOUBLE)) AS ROW(t BIGINT, x DOUBLE))) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)

-- DECIMAL(12,3), timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) IS NULL THEN STRUCT(`__ts` AS t, CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64))), NOT CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT)) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS x)) FILTER (WHERE NOT CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT)) AS ROW(t BIGINT, x BIGINT))) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL)

-- BOOLEAN, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT CAST(`x` AS INT64) IS NULL THEN STRUCT(`__ts` AS t, CAST(`x` AS INT64) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", CAST("x" AS Nullable(Int64))), NOT CAST("x" AS Nullable(Int64)) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := CAST("x" AS BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT CAST("x" AS BIGINT) IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', CAST("x" AS BIGINT)) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, CAST(`x` AS BIGINT) AS x)) FILTER (WHERE NOT CAST(`x` AS BIGINT) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST("x" AS BIGINT)) AS ROW(t BIGINT, x BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL)

-- VARCHAR, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := "x")) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT `x` IS NULL THEN STRUCT(`__ts` AS t, `x` AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", "x"), NOT "x" IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := "x")) FILTER (WHERE NOT "x" IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT "x" IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', "x") END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, `x` AS x)) FILTER (WHERE NOT `x` IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", "x") AS ROW(t BIGINT, x VARCHAR))) FILTER (WHERE NOT "x" IS NULL)

-- DATE, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := CAST("x" - DATE '1970-01-01' AS BIGINT))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64) IS NULL THEN STRUCT(`__ts` AS t, CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64))), NOT CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := CAST(("x" - DATE '1970-01-01') AS BIGINT))) FILTER (WHERE NOT CAST(("x" - DATE '1970-01-01') AS BIGINT) IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT) IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT)) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT) AS x)) FILTER (WHERE NOT CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT)) AS ROW(t BIGINT, x BIGINT))) FILTER (WHERE NOT CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT) IS NULL)

-- TIMESTAMP WITH TIME ZONE, timed: True
-- entries None None kept: True
duckdb: list(struct_pack(t := __ts, x := epoch_us("x"))) FILTER (WHERE "x" IS NOT NULL)
-- 1024 bytes where its length changes
bigquery: ARRAY_AGG(CASE WHEN NOT UNIX_MICROS(CAST(`x` AS TIMESTAMP)) IS NULL THEN STRUCT(`__ts` AS t, UNIX_MICROS(CAST(`x` AS TIMESTAMP)) AS x) END IGNORE NULLS)
clickhouse: groupArrayIf(("__ts", toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC'))))), NOT toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))) IS NULL)
duckdb: LIST(STRUCT_PACK(t := "__ts", x := EPOCH_US("x"))) FILTER (WHERE NOT EPOCH_US("x") IS NULL)
snowflake: ARRAY_AGG(CASE WHEN NOT DATE_PART(EPOCH_MICROSECOND, "x") IS NULL THEN OBJECT_CONSTRUCT('t', "__ts", 'x', DATE_PART(EPOCH_MICROSECOND, "x")) END)
spark: COLLECT_LIST(STRUCT(`__ts` AS t, UNIX_MICROS(CAST(`x` AS TIMESTAMP)) AS x)) FILTER (WHERE NOT UNIX_MICROS(CAST(`x` AS TIMESTAMP)) IS NULL)
trino: ARRAY_AGG(CAST(ROW("__ts", CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT)) AS ROW(t BIGINT, x BIGINT))) FILTER (WHERE NOT CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) IS NULL)
