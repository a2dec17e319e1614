-- BIGINT, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- 1600 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
spark: CASE WHEN COUNT(CAST(`x` AS DOUBLE)) > 0 THEN KLL_SKETCH_AGG_DOUBLE(CAST(`x` AS DOUBLE), 100) END
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)

-- DOUBLE, timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- 1600 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
spark: CASE WHEN COUNT(CAST(`x` AS DOUBLE)) > 0 THEN KLL_SKETCH_AGG_DOUBLE(CAST(`x` AS DOUBLE), 100) END
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)

-- DECIMAL(12,3), timed: False
-- sketch None None kept: True
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- 1600 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
spark: CASE WHEN COUNT(CAST(`x` AS DOUBLE)) > 0 THEN KLL_SKETCH_AGG_DOUBLE(CAST(`x` AS DOUBLE), 100) END
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
