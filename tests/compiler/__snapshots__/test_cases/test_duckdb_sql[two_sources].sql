-- Tiles of retail.sales. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 10m = 600000

-- Source web

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."store" AS INTEGER) AS "store",
    TRY_CAST(batch."ratio" AS FLOAT) AS "ratio",
    TRY_CAST(batch."open" AS BOOLEAN) AS "open",
    TRY_CAST(batch."day" AS DATE) AS "day",
    TRY_CAST(batch."at" AS TIMESTAMP) AS "at",
    TRY_CAST(batch."price" AS DECIMAL(10,2)) AS "price",
    TRY_CAST(batch."name" AS VARCHAR) AS "name",
    TRY_CAST(batch."n" AS SMALLINT) AS "n",
    TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) AS "ts",
    CASE
      WHEN batch."store" IS NOT NULL AND TRY_CAST(batch."store" AS INTEGER) IS NULL OR TRY_CAST(batch."store" AS DOUBLE) <> TRY_CAST(batch."store" AS INTEGER) THEN 'store is not an int'
      WHEN batch."ratio" IS NOT NULL AND TRY_CAST(batch."ratio" AS FLOAT) IS NULL THEN 'ratio is not a float'
      WHEN batch."open" IS NOT NULL AND TRY_CAST(batch."open" AS BOOLEAN) IS NULL THEN 'open is not a boolean'
      WHEN batch."day" IS NOT NULL AND TRY_CAST(batch."day" AS DATE) IS NULL OR TRY_CAST(batch."day" AS DATE) NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN 'day is not a date'
      WHEN batch."at" IS NOT NULL AND TRY_CAST(batch."at" AS TIMESTAMP) IS NULL OR TRY_CAST(batch."at" AS TIMESTAMP) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'at is not a timestamp_ntz (a number? declare the column bigint, in milliseconds, not seconds)'
      WHEN batch."price" IS NOT NULL AND TRY_CAST(batch."price" AS DECIMAL(10,2)) IS NULL THEN 'price is not a decimal(10,2)'
      WHEN batch."n" IS NOT NULL AND TRY_CAST(batch."n" AS SMALLINT) IS NULL OR TRY_CAST(batch."n" AS DOUBLE) <> TRY_CAST(batch."n" AS SMALLINT) THEN 'n is not a smallint'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'ts is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("ts") // 1000) AS "__ts",
    CAST("store" AS BIGINT) AS "store",
    CAST("ratio" AS DOUBLE) AS "ratio",
    "open" AS "open",
    "day" AS "day",
    CAST("at" AS TIMESTAMP WITH TIME ZONE) AS "at",
    "price" AS "price",
    "name" AS "name",
    CAST("n" AS BIGINT) AS "n"
  FROM typed
)
SELECT
  "__row", "__ts", "store", "ratio", "open", "day", "at", "price", "name", "n",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "store" IS NULL THEN 'key store is null'
    WHEN "ratio" IS NULL THEN 'key ratio is null'
    WHEN isnan("ratio") THEN 'key ratio is not a number'
    WHEN "open" IS NULL THEN 'key open is null'
    WHEN "day" IS NULL THEN 'key day is null'
    WHEN "at" IS NULL THEN 'key at is null'
    WHEN "price" IS NULL THEN 'key price is null'
    WHEN "name" IS NULL THEN 'key name is null'
    WHEN "__ts" IS NULL THEN 'time is null'
    WHEN "__ts" >= 31536000 AND "__ts" < 4102444800 THEN 'time is outside 1971-2099: seconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000 AND "__ts" < 4102444800000000 THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000000 AND "__ts" < 4102444800000000000 THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
    WHEN "__ts" < 31536000000 OR "__ts" >= 4102444800000 THEN 'time is outside 1971-2099'
    WHEN "__ts" > $latest_ms THEN 'time is more than 1d ahead of the clock'
  END AS "__reason"
FROM selected;

-- 2. The states of every key in every tile of one level; $tile_ms is the level's size.
SELECT
  CAST("store" AS BIGINT) AS "key:store",
  CAST(CASE WHEN "ratio" = 0 THEN 0 ELSE "ratio" END AS DOUBLE) AS "key:ratio",
  CAST("open" AS BOOLEAN) AS "key:open",
  CAST("day" AS DATE) AS "key:day",
  CAST("at" AS TIMESTAMP WITH TIME ZONE) AS "key:at",
  CAST("price" AS DECIMAL(10,2)) AS "key:price",
  CAST("name" AS VARCHAR) AS "key:name",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  CAST(sum(CAST("n" AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_n.hi",
  CAST(sum(CAST("n" AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_n.lo",
  count("n") AS "count_n.n"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;

-- Source shop_floor

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."store" AS BIGINT) AS "store",
    TRY_CAST(batch."ratio" AS DOUBLE) AS "ratio",
    TRY_CAST(batch."day" AS DATE) AS "day",
    TRY_CAST(batch."price" AS DECIMAL(10,2)) AS "price",
    TRY_CAST(batch."n" AS BIGINT) AS "n",
    TRY_CAST(batch."ms" AS BIGINT) AS "ms",
    CASE
      WHEN batch."store" IS NOT NULL AND TRY_CAST(batch."store" AS BIGINT) IS NULL OR TRY_CAST(batch."store" AS DOUBLE) <> TRY_CAST(batch."store" AS BIGINT) THEN 'store is not a bigint'
      WHEN batch."ratio" IS NOT NULL AND TRY_CAST(batch."ratio" AS DOUBLE) IS NULL THEN 'ratio is not a double'
      WHEN batch."day" IS NOT NULL AND TRY_CAST(batch."day" AS DATE) IS NULL OR TRY_CAST(batch."day" AS DATE) NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN 'day is not a date'
      WHEN batch."price" IS NOT NULL AND TRY_CAST(batch."price" AS DECIMAL(10,2)) IS NULL THEN 'price is not a decimal(10,2)'
      WHEN batch."n" IS NOT NULL AND TRY_CAST(batch."n" AS BIGINT) IS NULL OR TRY_CAST(batch."n" AS DOUBLE) <> TRY_CAST(batch."n" AS BIGINT) THEN 'n is not a bigint'
      WHEN batch."ms" IS NOT NULL AND TRY_CAST(batch."ms" AS BIGINT) IS NULL OR TRY_CAST(batch."ms" AS DOUBLE) <> TRY_CAST(batch."ms" AS BIGINT) THEN 'ms is not a bigint'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(CAST("ms" AS BIGINT)) AS "__ts",
    "store" AS "store",
    "ratio" AS "ratio",
    TRY(TRUE) AS "open",
    "day" AS "day",
    CASE WHEN TRY(TO_TIMESTAMP("ms" / 1000)) BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN TRY(TO_TIMESTAMP("ms" / 1000)) END AS "at",
    "price" AS "price",
    TRY('shop ' || "store") AS "name",
    "n" AS "n"
  FROM typed
)
SELECT
  "__row", "__ts", "store", "ratio", "open", "day", "at", "price", "name", "n",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "store" IS NULL THEN 'key store is null'
    WHEN "ratio" IS NULL THEN 'key ratio is null'
    WHEN isnan("ratio") THEN 'key ratio is not a number'
    WHEN "open" IS NULL THEN 'key open is null'
    WHEN "day" IS NULL THEN 'key day is null'
    WHEN "at" IS NULL THEN 'key at is null'
    WHEN "price" IS NULL THEN 'key price is null'
    WHEN "name" IS NULL THEN 'key name is null'
    WHEN "__ts" IS NULL THEN 'time is null'
    WHEN "__ts" >= 31536000 AND "__ts" < 4102444800 THEN 'time is outside 1971-2099: seconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000 AND "__ts" < 4102444800000000 THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000000 AND "__ts" < 4102444800000000000 THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
    WHEN "__ts" < 31536000000 OR "__ts" >= 4102444800000 THEN 'time is outside 1971-2099'
    WHEN "__ts" > $latest_ms THEN 'time is more than 1d ahead of the clock'
  END AS "__reason"
FROM selected;

-- 2. The states of every key in every tile of one level; $tile_ms is the level's size.
SELECT
  CAST("store" AS BIGINT) AS "key:store",
  CAST(CASE WHEN "ratio" = 0 THEN 0 ELSE "ratio" END AS DOUBLE) AS "key:ratio",
  CAST("open" AS BOOLEAN) AS "key:open",
  CAST("day" AS DATE) AS "key:day",
  CAST("at" AS TIMESTAMP WITH TIME ZONE) AS "key:at",
  CAST("price" AS DECIMAL(10,2)) AS "key:price",
  CAST("name" AS VARCHAR) AS "key:name",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  CAST(sum(CAST("n" AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_n.hi",
  CAST(sum(CAST("n" AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_n.lo",
  count("n") AS "count_n.n"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;
