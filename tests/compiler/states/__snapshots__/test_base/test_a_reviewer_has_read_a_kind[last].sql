-- BIGINT, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(CAST(`x` AS INT64) IGNORE NULLS ORDER BY `__ts` DESC, CAST(`x` AS INT64) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(CAST("x" AS Nullable(Int64)), ("__ts", CAST("x" AS Nullable(Int64))), NOT CAST("x" AS Nullable(Int64)) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := CAST("x" AS BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(CAST("x" AS BIGINT)) WITHIN GROUP (ORDER BY "__ts" DESC, CAST("x" AS BIGINT) DESC), 0) AS BIGINT)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, CAST(`x` AS BIGINT) AS x)) FILTER (WHERE NOT CAST(`x` AS BIGINT) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST("x" AS BIGINT) ORDER BY "__ts" DESC, CAST("x" AS BIGINT) DESC) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL), 1)

-- DOUBLE, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS DOUBLE))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value f64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS DOUBLE))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS ORDER BY `__ts` DESC, IS_NAN(CAST(`x` AS FLOAT64)) DESC, CAST(`x` AS FLOAT64) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(CAST("x" AS Nullable(Float64)), ("__ts", isNaN(CAST("x" AS Nullable(Float64))), CAST("x" AS Nullable(Float64))), NOT CAST("x" AS Nullable(Float64)) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := CAST("x" AS DOUBLE))) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(CAST("x" AS DOUBLE)) WITHIN GROUP (ORDER BY "__ts" DESC, CAST("x" AS DOUBLE) DESC), 0) AS DOUBLE)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, CAST(`x` AS DOUBLE) AS x)) FILTER (WHERE NOT CAST(`x` AS DOUBLE) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST("x" AS DOUBLE) ORDER BY "__ts" DESC, CAST("x" AS DOUBLE) DESC) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL), 1)

-- DECIMAL(12,3), timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST(CAST("x" AS DECIMAL(38,3)) * 1000 AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) IGNORE NULLS ORDER BY `__ts` DESC, CAST(CAST(`x` AS NUMERIC(38, 3)) * 1000 AS INT64) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)), ("__ts", CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64))), NOT CAST(CAST("x" AS Nullable(Decimal(38, 3))) * 1000 AS Nullable(Int64)) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT))) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT)) WITHIN GROUP (ORDER BY "__ts" DESC, CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) DESC), 0) AS BIGINT)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT) AS x)) FILTER (WHERE NOT CAST(CAST(`x` AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) ORDER BY "__ts" DESC, CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) DESC) FILTER (WHERE NOT CAST(CAST("x" AS DECIMAL(38, 3)) * 1000 AS BIGINT) IS NULL), 1)

-- BOOLEAN, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(CAST(`x` AS INT64) IGNORE NULLS ORDER BY `__ts` DESC, CAST(`x` AS INT64) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(CAST("x" AS Nullable(Int64)), ("__ts", CAST("x" AS Nullable(Int64))), NOT CAST("x" AS Nullable(Int64)) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := CAST("x" AS BIGINT))) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(CAST("x" AS BIGINT)) WITHIN GROUP (ORDER BY "__ts" DESC, CAST("x" AS BIGINT) DESC), 0) AS BIGINT)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, CAST(`x` AS BIGINT) AS x)) FILTER (WHERE NOT CAST(`x` AS BIGINT) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST("x" AS BIGINT) ORDER BY "__ts" DESC, CAST("x" AS BIGINT) DESC) FILTER (WHERE NOT CAST("x" AS BIGINT) IS NULL), 1)

-- VARCHAR, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := "x")) FILTER (WHERE "x" IS NOT NULL), 't')
-- value None None kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := "x")) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(`x` IGNORE NULLS ORDER BY `__ts` DESC, `x` DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf("x", ("__ts", "x"), NOT "x" IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := "x")) FILTER (WHERE NOT "x" IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG("x") WITHIN GROUP (ORDER BY "__ts" DESC, "x" DESC), 0) AS VARCHAR)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, `x` AS x)) FILTER (WHERE NOT `x` IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG("x" ORDER BY "__ts" DESC, "x" DESC) FILTER (WHERE NOT "x" IS NULL), 1)

-- DATE, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" - DATE '1970-01-01' AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := CAST("x" - DATE '1970-01-01' AS BIGINT))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64) IGNORE NULLS ORDER BY `__ts` DESC, CAST(DATE_DIFF(`x`, DATE '1970-01-01', DAY) AS INT64) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)), ("__ts", CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64))), NOT CAST(DATE_DIFF(DAY, toDate32('1970-01-01'), "x") AS Nullable(Int64)) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := CAST(("x" - DATE '1970-01-01') AS BIGINT))) FILTER (WHERE NOT CAST(("x" - DATE '1970-01-01') AS BIGINT) IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT)) WITHIN GROUP (ORDER BY "__ts" DESC, CAST(DATEDIFF(DAY, DATE '1970-01-01', "x") AS BIGINT) DESC), 0) AS BIGINT)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT) AS x)) FILTER (WHERE NOT CAST(DATEDIFF(`x`, DATE'1970-01-01') AS BIGINT) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT) ORDER BY "__ts" DESC, CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT) DESC) FILTER (WHERE NOT CAST(DATE_DIFF('DAY', DATE '1970-01-01', "x") AS BIGINT) IS NULL), 1)

-- TIMESTAMP WITH TIME ZONE, timed: True
-- ts i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := epoch_us("x"))) FILTER (WHERE "x" IS NOT NULL), 't')
-- value i64 last kept: True
duckdb: struct_extract(max(struct_pack(t := __ts, x := epoch_us("x"))) FILTER (WHERE "x" IS NOT NULL), 'x')
-- 16 bytes where its length changes
bigquery: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
bigquery: ARRAY_AGG(UNIX_MICROS(CAST(`x` AS TIMESTAMP)) IGNORE NULLS ORDER BY `__ts` DESC, UNIX_MICROS(CAST(`x` AS TIMESTAMP)) DESC LIMIT 1)[SAFE_OFFSET(0)]
clickhouse: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
clickhouse: argMaxIf(toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))), ("__ts", toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC'))))), NOT toUnixTimestamp64Micro(CAST("x" AS Nullable(DateTime64(6, 'UTC')))) IS NULL)
duckdb: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
duckdb: STRUCT_EXTRACT(MAX(STRUCT_PACK(t := "__ts", x := EPOCH_US("x"))) FILTER (WHERE NOT EPOCH_US("x") IS NULL), 'x')
snowflake: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
snowflake: CAST(GET(ARRAY_AGG(DATE_PART(EPOCH_MICROSECOND, "x")) WITHIN GROUP (ORDER BY "__ts" DESC, DATE_PART(EPOCH_MICROSECOND, "x") DESC), 0) AS BIGINT)
spark: MAX(CASE WHEN NOT `x` IS NULL THEN `__ts` END)
spark: MAX(STRUCT(`__ts` AS t, UNIX_MICROS(CAST(`x` AS TIMESTAMP)) AS x)) FILTER (WHERE NOT UNIX_MICROS(CAST(`x` AS TIMESTAMP)) IS NULL).x
trino: MAX(CASE WHEN NOT "x" IS NULL THEN "__ts" END)
trino: ELEMENT_AT(ARRAY_AGG(CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) ORDER BY "__ts" DESC, CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) DESC) FILTER (WHERE NOT CAST(ROUND(TO_UNIXTIME("x") * 1000000) AS BIGINT) IS NULL), 1)
