-- BIGINT, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- DOUBLE, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- DECIMAL(12,3), timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- BOOLEAN, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- VARCHAR, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- DATE, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")

-- TIMESTAMP WITH TIME ZONE, timed: False
-- n i64 add kept: True
duckdb: count("x")
-- 16 bytes where its length changes
flink: n BIGINT COUNT({x})
bigquery: COUNT(`x`)
clickhouse: COUNT("x")
duckdb: COUNT("x")
snowflake: COUNT("x")
spark: COUNT(`x`)
trino: COUNT("x")
