-- Tiles of buckets.shops. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and the others once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1d = 86400000, 1h = 3600000, 5m = 300000

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
    TRY_CAST(batch."country" AS VARCHAR) AS "country",
    TRY_CAST(batch."kind" AS INTEGER) AS "kind",
    TRY_CAST(batch."at" AS DATE) AS "at",
    TRY_CAST(batch."total" AS DECIMAL(10,2)) AS "total",
    "__values:items" AS "items",
    TRY_CAST(batch."ts" AS BIGINT) AS "ts",
    CASE
      WHEN batch."kind" IS NOT NULL AND TRY_CAST(batch."kind" AS INTEGER) IS NULL OR TRY_CAST(batch."kind" AS DOUBLE) <> TRY_CAST(batch."kind" AS INTEGER) THEN 'kind is not an int'
      WHEN batch."at" IS NOT NULL AND TRY_CAST(batch."at" AS DATE) IS NULL OR TRY_CAST(batch."at" AS DATE) NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN 'at is not a date'
      WHEN batch."total" IS NOT NULL AND TRY_CAST(batch."total" AS DECIMAL(10,2)) IS NULL THEN 'total is not a decimal(10,2)'
      WHEN batch."items" IS NOT NULL AND "__values:items" IS NULL OR typeof(batch."items") <> 'VARCHAR[]' AND list_count("__values:items") < list_count("__texts:items") THEN 'items is not an array<string>'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS BIGINT) IS NULL OR TRY_CAST(batch."ts" AS DOUBLE) <> TRY_CAST(batch."ts" AS BIGINT) THEN 'ts is not a bigint'
    END AS "__reason"
  FROM lists AS batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(CAST("ts" AS BIGINT)) AS "__ts",
    "shop" AS "shop",
    "total" AS "total",
    "country" AS "country",
    "kind" AS "kind",
    "items" AS "items",
    CASE WHEN TRY(DATE_TRUNC('WEEK', TRY_CAST("at" AS TIMESTAMPTZ))) BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN TRY(DATE_TRUNC('WEEK', TRY_CAST("at" AS TIMESTAMPTZ))) END AS "week"
  FROM typed
)
SELECT
  "__row", "__ts", "shop", "total", "country", "kind", "items", "week",
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
SELECT
  CAST("shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_total.hi",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_total.lo",
  count("total") AS "count_total.n"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;

-- 3. What those tiles keep for each value of "country" that comes with a value of an input.
WITH flat AS (
  -- Each event without its lists, then each element of each list by itself.
  SELECT "country" AS "__value", "__ts", "shop" AS "__key:shop", "total", "country"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT "country" AS "__value", "__ts", "shop" AS "__key:shop", unnest("items") AS "items"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "__value" AS "__bucket",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_total_by_country.hi",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_total_by_country.lo",
  count("total") AS "count_total_by_country.n",
  struct_extract(max(struct_pack(t := __ts, x := CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT))) FILTER (WHERE "total" IS NOT NULL), 't') AS "last_total_by_country.ts",
  struct_extract(max(struct_pack(t := __ts, x := CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT))) FILTER (WHERE "total" IS NOT NULL), 'x') AS "last_total_by_country.value",
  count("items") AS "count_items_by_country.n",
  count("country") AS "count_country_by_country.n"
FROM flat
WHERE "__value" IS NOT NULL AND ("total" IS NOT NULL OR "items" IS NOT NULL OR "country" IS NOT NULL)
GROUP BY ALL;

-- 4. What those tiles keep for each value of "kind" that comes with a value of an input.
SELECT
  CAST("shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  CAST("kind" AS BIGINT) AS "__bucket",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_total_by_kind.hi",
  CAST(sum(CAST(CAST("total" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_total_by_kind.lo",
  count("total") AS "count_total_by_kind.n"
FROM events
WHERE "__reason" IS NULL AND "kind" IS NOT NULL AND ("total" IS NOT NULL)
GROUP BY ALL;

-- 5. What those tiles keep for each value of "week" that comes with a value of an input.
WITH flat AS (
  -- Each event without its lists, then each element of each list by itself.
  SELECT "week" AS "__value", "__ts", "shop" AS "__key:shop"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT "week" AS "__value", "__ts", "shop" AS "__key:shop", unnest("items") AS "items"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  epoch_us("__value") AS "__bucket",
  list(CAST("items" AS VARCHAR)) FILTER (WHERE "items" IS NOT NULL) AS "frequent_items_by_week.sketch"
FROM flat
WHERE "__value" IS NOT NULL AND ("items" IS NOT NULL)
GROUP BY ALL;
