-- Tiles of exact.shops. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1d = 86400000, 1h = 3600000, 5m = 300000
-- The last statement gives the raw events, which are kept in chunks of 5m.

-- Source orders

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH lists AS (
  -- A list comes as such, or in a text as JSON; what its elements cannot be cast to is null among its values.
  SELECT
    *,
    CASE WHEN typeof("items") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("items" AS VARCHAR))) = 'ARRAY' THEN json_extract_string(CAST("items" AS VARCHAR), '$[*]') END ELSE TRY_CAST("items" AS VARCHAR[]) END AS "__texts:items",
    CASE WHEN typeof("items") = 'VARCHAR' THEN TRY_CAST("__texts:items" AS VARCHAR[]) ELSE TRY_CAST("items" AS VARCHAR[]) END AS "__values:items"
  FROM batch
), typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."shop" AS VARCHAR) AS "shop",
    TRY_CAST(batch."total" AS DECIMAL(8,2)) AS "total",
    "__values:items" AS "items",
    TRY_CAST(batch."paid" AS BOOLEAN) AS "paid",
    TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) AS "at",
    CASE
      WHEN batch."total" IS NOT NULL AND TRY_CAST(batch."total" AS DECIMAL(8,2)) IS NULL THEN 'total is not a decimal(8,2)'
      WHEN batch."items" IS NOT NULL AND "__values:items" IS NULL OR typeof(batch."items") <> 'VARCHAR[]' AND list_count("__values:items") < list_count("__texts:items") THEN 'items is not an array<string>'
      WHEN batch."paid" IS NOT NULL AND TRY_CAST(batch."paid" AS BOOLEAN) IS NULL THEN 'paid is not a boolean'
      WHEN batch."at" IS NOT NULL AND TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'at is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM lists AS batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("at") // 1000) AS "__ts",
    "shop" AS "shop",
    "total" AS "total",
    "items" AS "items",
    "paid" AS "paid"
  FROM typed
)
SELECT
  "__row", "__ts", "shop", "total", "items", "paid",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "shop" IS NULL THEN 'key shop is null'
    WHEN "__ts" IS NULL THEN 'time is null'
    WHEN "__ts" >= 31536000 AND "__ts" < 4102444800 THEN 'time is outside 1971-2099: seconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000 AND "__ts" < 4102444800000000 THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
    WHEN "__ts" >= 31536000000000000 AND "__ts" < 4102444800000000000 THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
    WHEN "__ts" < 31536000000 OR "__ts" >= 4102444800000 THEN 'time is outside 1971-2099'
    WHEN "__ts" > $latest_ms THEN 'time is more than 1d ahead of the clock'
  END AS "__reason"
FROM selected;

-- 2. The states of every key in every tile of one level; $tile_ms is the level's size.
WITH flat AS (
  -- Each event without its lists, then each element of each list by itself.
  SELECT true AS "__event", "__ts", "shop" AS "__key:shop", "total", "paid"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("items") AS "items"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) FILTER (WHERE "__event") AS "__events",
  max("__ts") FILTER (WHERE "__event") AS "__newest",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_total.hi",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_total.lo",
  count("total") AS "count_total.n",
  list(DISTINCT "items") FILTER (WHERE "items" IS NOT NULL) AS "unique_items.entries",
  struct_extract(max(struct_pack(t := __ts, x := CAST("paid" AS BIGINT))) FILTER (WHERE "paid" IS NOT NULL), 't') AS "last_paid.ts",
  struct_extract(max(struct_pack(t := __ts, x := CAST("paid" AS BIGINT))) FILTER (WHERE "paid" IS NOT NULL), 'x') AS "last_paid.value"
FROM flat
GROUP BY ALL;

-- 3. The raw events, their values as tiles keep them: whole numbers, doubles and texts.
SELECT
  CAST("shop" AS VARCHAR) AS "key:shop",
  "__ts",
  CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT) AS "total",
  list_transform("items", lambda x: x) AS "items"
FROM events
WHERE "__reason" IS NULL;
