-- BIGINT, timed: False
-- values None None kept: False
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- n i64 add kept: True
duckdb: count("x")
-- mean f64 moments kept: True
duckdb: None
-- rest f64 moments kept: True
duckdb: None
-- m2 f64 moments kept: True
duckdb: None
-- m3 f64 moments kept: True
duckdb: None
-- m4 f64 moments kept: True
duckdb: None
-- 16 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
bigquery: COUNT(`x`)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
clickhouse: COUNT("x")
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
duckdb: COUNT("x")
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
snowflake: COUNT("x")
spark: COLLECT_LIST(CAST(`x` AS DOUBLE))
spark: COUNT(`x`)
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
trino: COUNT("x")

-- DOUBLE, timed: False
-- values None None kept: False
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- n i64 add kept: True
duckdb: count("x")
-- mean f64 moments kept: True
duckdb: None
-- rest f64 moments kept: True
duckdb: None
-- m2 f64 moments kept: True
duckdb: None
-- m3 f64 moments kept: True
duckdb: None
-- m4 f64 moments kept: True
duckdb: None
-- 16 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
bigquery: COUNT(`x`)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
clickhouse: COUNT("x")
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
duckdb: COUNT("x")
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
snowflake: COUNT("x")
spark: COLLECT_LIST(CAST(`x` AS DOUBLE))
spark: COUNT(`x`)
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
trino: COUNT("x")

-- DECIMAL(12,3), timed: False
-- values None None kept: False
duckdb: list(CAST("x" AS DOUBLE)) FILTER (WHERE "x" IS NOT NULL)
-- n i64 add kept: True
duckdb: count("x")
-- mean f64 moments kept: True
duckdb: None
-- rest f64 moments kept: True
duckdb: None
-- m2 f64 moments kept: True
duckdb: None
-- m3 f64 moments kept: True
duckdb: None
-- m4 f64 moments kept: True
duckdb: None
-- 16 bytes where its length changes
bigquery: ARRAY_AGG(CAST(`x` AS FLOAT64) IGNORE NULLS)
bigquery: COUNT(`x`)
clickhouse: groupArray(CAST("x" AS Nullable(Float64)))
clickhouse: COUNT("x")
duckdb: LIST(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
duckdb: COUNT("x")
snowflake: ARRAY_AGG(CAST("x" AS DOUBLE))
snowflake: COUNT("x")
spark: COLLECT_LIST(CAST(`x` AS DOUBLE))
spark: COUNT(`x`)
trino: ARRAY_AGG(CAST("x" AS DOUBLE)) FILTER (WHERE NOT CAST("x" AS DOUBLE) IS NULL)
trino: COUNT("x")
