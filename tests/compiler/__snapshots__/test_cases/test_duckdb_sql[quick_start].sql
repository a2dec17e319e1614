-- Tiles of quick_start.clicks_tiled. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 6h = 21600000, 1h = 3600000, 5m = 300000

-- Source click_events

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."user_id" AS VARCHAR) AS "user_id",
    TRY_CAST(batch."price" AS DOUBLE) AS "price",
    TRY_CAST(batch."quantity" AS BIGINT) AS "quantity",
    TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) AS "ts",
    CASE
      WHEN batch."price" IS NOT NULL AND TRY_CAST(batch."price" AS DOUBLE) IS NULL THEN 'price is not a double'
      WHEN batch."quantity" IS NOT NULL AND TRY_CAST(batch."quantity" AS BIGINT) IS NULL OR TRY_CAST(batch."quantity" AS DOUBLE) <> TRY_CAST(batch."quantity" AS BIGINT) THEN 'quantity is not a bigint'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'ts is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("ts") // 1000) AS "__ts",
    "user_id" AS "user_id",
    TRY("price" * "quantity") AS "amount"
  FROM typed
  WHERE "__reason" IS NOT NULL OR (TRY(("price" > 0)))
)
SELECT
  "__row", "__ts", "user_id", "amount",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "user_id" IS NULL THEN 'key user_id is null'
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
  CAST("user_id" AS VARCHAR) AS "key:user_id",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  sum(CAST("amount" AS DOUBLE)) AS "sum_amount.sum",
  count("amount") AS "count_amount.n",
  list(CAST("amount" AS DOUBLE)) FILTER (WHERE "amount" IS NOT NULL) AS "tdigest_amount.sketch"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;
