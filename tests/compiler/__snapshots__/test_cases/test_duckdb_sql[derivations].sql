-- Tiles of derivations.derived. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1h = 3600000, 5m = 300000

-- Source events

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."user" AS VARCHAR) AS "user",
    TRY_CAST(batch."clicks" AS BIGINT) AS "clicks",
    TRY_CAST(batch."price" AS DECIMAL(12,2)) AS "price",
    TRY_CAST(batch."item" AS VARCHAR) AS "item",
    TRY_CAST(batch."seen" AS TIMESTAMP WITH TIME ZONE) AS "seen",
    TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) AS "ts",
    CASE
      WHEN batch."clicks" IS NOT NULL AND TRY_CAST(batch."clicks" AS BIGINT) IS NULL OR TRY_CAST(batch."clicks" AS DOUBLE) <> TRY_CAST(batch."clicks" AS BIGINT) THEN 'clicks is not a bigint'
      WHEN batch."price" IS NOT NULL AND TRY_CAST(batch."price" AS DECIMAL(12,2)) IS NULL THEN 'price is not a decimal(12,2)'
      WHEN batch."seen" IS NOT NULL AND TRY_CAST(batch."seen" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."seen" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'seen is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'ts is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("ts") // 1000) AS "__ts",
    "user" AS "user",
    "clicks" AS "clicks",
    "price" AS "price",
    "item" AS "item",
    "seen" AS "seen"
  FROM typed
)
SELECT
  "__row", "__ts", "user", "clicks", "price", "item", "seen",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "user" IS NULL THEN 'key user is null'
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
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  CAST(sum(CAST("clicks" AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_clicks.hi",
  CAST(sum(CAST("clicks" AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_clicks.lo",
  count("clicks") AS "count_clicks.n",
  list(struct_pack(t := __ts, x := CAST("clicks" AS BIGINT))) FILTER (WHERE "clicks" IS NOT NULL) AS "last_k_clicks.entries",
  CAST(sum(CAST(CAST("price" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_price.hi",
  CAST(sum(CAST(CAST("price" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_price.lo",
  count("price") AS "count_price.n",
  list(CAST("item" AS VARCHAR)) FILTER (WHERE "item" IS NOT NULL) AS "frequent_item.sketch",
  histogram("item") FILTER (WHERE "item" IS NOT NULL) AS "histogram_item.entries",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 't') AS "last_seen.ts",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 'x') AS "last_seen.value"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;
