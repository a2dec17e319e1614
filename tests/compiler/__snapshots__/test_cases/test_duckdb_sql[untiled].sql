-- Tiles of untiled.users. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- The last statement gives the raw events, which are kept in chunks of 6h.

-- Source logins

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."user" AS VARCHAR) AS "user",
    TRY_CAST(batch."device" AS VARCHAR) AS "device",
    TRY_CAST(batch."day" AS DATE) AS "day",
    TRY_CAST(batch."seconds" AS INTEGER) AS "seconds",
    TRY_CAST(batch."ts" AS BIGINT) AS "ts",
    CASE
      WHEN batch."day" IS NOT NULL AND TRY_CAST(batch."day" AS DATE) IS NULL OR TRY_CAST(batch."day" AS DATE) NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN 'day is not a date'
      WHEN batch."seconds" IS NOT NULL AND TRY_CAST(batch."seconds" AS INTEGER) IS NULL OR TRY_CAST(batch."seconds" AS DOUBLE) <> TRY_CAST(batch."seconds" AS INTEGER) THEN 'seconds is not an int'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS BIGINT) IS NULL OR TRY_CAST(batch."ts" AS DOUBLE) <> TRY_CAST(batch."ts" AS BIGINT) THEN 'ts is not a bigint'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(CAST("ts" AS BIGINT)) AS "__ts",
    "user" AS "user",
    "seconds" AS "seconds",
    "device" AS "device",
    "day" AS "day"
  FROM typed
)
SELECT
  "__row", "__ts", "user", "seconds", "device", "day",
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

-- 2. The raw events, their values as tiles keep them: whole numbers, doubles and texts.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts",
  CAST("seconds" AS BIGINT) AS "seconds",
  "device" AS "device",
  CAST("day" - DATE '1970-01-01' AS BIGINT) AS "day"
FROM events
WHERE "__reason" IS NULL;
