-- Tiles of late.late. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and 2 to 3 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1h = 3600000, 5m = 300000
-- The last statement gives the raw events, which are kept in chunks of 5m.

-- Source clicks

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."user" AS VARCHAR) AS "user",
    TRY_CAST(batch."amount" AS DOUBLE) AS "amount",
    TRY_CAST(batch."kind" AS VARCHAR) AS "kind",
    TRY_CAST(batch."nr" AS BIGINT) AS "nr",
    TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) AS "ts",
    CASE
      WHEN batch."amount" IS NOT NULL AND TRY_CAST(batch."amount" AS DOUBLE) IS NULL THEN 'amount is not a double'
      WHEN batch."nr" IS NOT NULL AND TRY_CAST(batch."nr" AS BIGINT) IS NULL OR TRY_CAST(batch."nr" AS DOUBLE) <> TRY_CAST(batch."nr" AS BIGINT) THEN 'nr is not a bigint'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."ts" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'ts is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("ts") // 1000) AS "__ts",
    "user" AS "user",
    "amount" AS "amount",
    "kind" AS "kind",
    TRY(CAST("user" || '/' || TRY_CAST("nr" AS TEXT) AS VARCHAR)) AS "__id"
  FROM typed
)
SELECT
  "__row", "__ts", "user", "amount", "kind", md5_number_upper("__id") AS "__id_high", md5_number_lower("__id") AS "__id_low",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "user" IS NULL THEN 'key user is null'
    WHEN "__ts" IS NULL THEN 'time is null'
    WHEN "__ts" >= 31536000 AND "__ts" < 4102444800 THEN 'time is outside 1971-2099: seconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000 AND "__ts" < 4102444800000000 THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000000 AND "__ts" < 4102444800000000000 THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
    WHEN "__ts" < 31536000000 OR "__ts" >= 4102444800000 THEN 'time is outside 1971-2099'
    WHEN "__ts" > $latest_ms THEN 'time is more than 1h ahead of the clock'
  END AS "__reason"
FROM selected;

-- 2. The states of every key in every tile of one level; $tile_ms is the level's size.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  max(CAST("amount" AS DOUBLE)) AS "max_amount.value",
  count("amount") AS "count_amount.n"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;

-- 3. What those tiles keep for each value of "kind" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "kind" AS "__bucket",
  sum(CAST("amount" AS DOUBLE)) AS "sum_amount_by_kind.sum",
  count("amount") AS "count_amount_by_kind.n"
FROM events
WHERE "__reason" IS NULL AND "kind" IS NOT NULL AND ("amount" IS NOT NULL)
GROUP BY ALL;

-- 4. The raw events, their values as tiles keep them: whole numbers, doubles and texts.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts",
  CAST("amount" AS DOUBLE) AS "amount",
  "kind" AS "kind"
FROM events
WHERE "__reason" IS NULL;
