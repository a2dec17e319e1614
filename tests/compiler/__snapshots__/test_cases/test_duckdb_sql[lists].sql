-- Tiles of lists.shops. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1h = 3600000

-- Source orders

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH lists AS (
  -- A list comes as such, or in a text as JSON; what its elements cannot be cast to is null among its values.
  SELECT
    *,
    CASE WHEN typeof("items") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("items" AS VARCHAR))) = 'ARRAY' THEN json_extract_string(CAST("items" AS VARCHAR), '$[*]') END ELSE TRY_CAST("items" AS VARCHAR[]) END AS "__texts:items",
    CASE WHEN typeof("items") = 'VARCHAR' THEN TRY_CAST("__texts:items" AS INTEGER[]) ELSE TRY_CAST("items" AS INTEGER[]) END AS "__values:items",
    CASE WHEN typeof("prices") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("prices" AS VARCHAR))) = 'ARRAY' THEN TRY_CAST(CAST("prices" AS VARCHAR) AS VARCHAR[]) END ELSE TRY_CAST("prices" AS VARCHAR[]) END AS "__texts:prices",
    CASE WHEN typeof("prices") = 'VARCHAR' THEN TRY_CAST("__texts:prices" AS DECIMAL(8,2)[]) ELSE TRY_CAST("prices" AS DECIMAL(8,2)[]) END AS "__values:prices",
    CASE WHEN typeof("seen") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("seen" AS VARCHAR))) = 'ARRAY' THEN json_extract_string(CAST("seen" AS VARCHAR), '$[*]') END ELSE TRY_CAST("seen" AS VARCHAR[]) END AS "__texts:seen",
    CASE WHEN typeof("seen") = 'VARCHAR' THEN TRY_CAST("__texts:seen" AS TIMESTAMP WITH TIME ZONE[]) ELSE TRY_CAST("seen" AS TIMESTAMP WITH TIME ZONE[]) END AS "__values:seen"
  FROM batch
), typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."shop" AS VARCHAR) AS "shop",
    TRY_CAST(batch."total" AS DOUBLE) AS "total",
    "__values:items" AS "items",
    "__values:prices" AS "prices",
    "__values:seen" AS "seen",
    TRY_CAST(batch."ts" AS BIGINT) AS "ts",
    CASE
      WHEN batch."total" IS NOT NULL AND TRY_CAST(batch."total" AS DOUBLE) IS NULL THEN 'total is not a double'
      WHEN batch."items" IS NOT NULL AND "__values:items" IS NULL OR typeof(batch."items") <> 'INTEGER[]' AND list_count("__values:items") < list_count("__texts:items") OR CASE WHEN typeof(batch."items") = 'VARCHAR' THEN TRY_CAST("__texts:items" AS DOUBLE[]) ELSE TRY_CAST(batch."items" AS DOUBLE[]) END <> "__values:items" THEN 'items is not an array<int>'
      WHEN batch."prices" IS NOT NULL AND "__values:prices" IS NULL OR typeof(batch."prices") <> 'DECIMAL(8,2)[]' AND list_count("__values:prices") < list_count("__texts:prices") THEN 'prices is not an array<decimal(8,2)>'
      WHEN batch."seen" IS NOT NULL AND "__values:seen" IS NULL OR typeof(batch."seen") <> 'TIMESTAMP WITH TIME ZONE[]' AND list_count("__values:seen") < list_count("__texts:seen") OR len(list_filter("__values:seen", lambda x: x NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999')) > 0 THEN 'seen is not an array<timestamp>'
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
    CAST("items" AS BIGINT[]) AS "items",
    "prices" AS "prices",
    "seen" AS "seen",
    TRY(STR_SPLIT_REGEX("shop", ' ')) AS "words"
  FROM typed
  WHERE "__reason" IS NOT NULL OR (TRY((COALESCE(LEN("items"), -1) > 0)))
)
SELECT
  "__row", "__ts", "shop", "total", "items", "prices", "seen", "words",
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
  SELECT true AS "__event", "__ts", "shop" AS "__key:shop", "total", "shop"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("items") AS "items"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("prices") AS "prices"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("seen") AS "seen"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("words") AS "words"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) FILTER (WHERE "__event") AS "__events",
  max("__ts") FILTER (WHERE "__event") AS "__newest",
  sum(CAST("total" AS DOUBLE)) AS "sum_total.sum",
  count("total") AS "count_total.n",
  count("shop") AS "count_shop.n",
  count("items") AS "count_items.n",
  list(CAST("items" AS VARCHAR)) FILTER (WHERE "items" IS NOT NULL) AS "frequent_items.sketch",
  CAST(sum(CAST(CAST("prices" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_prices.hi",
  CAST(sum(CAST(CAST("prices" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_prices.lo",
  count("prices") AS "count_prices.n",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 't') AS "last_seen.ts",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 'x') AS "last_seen.value",
  list(struct_pack(t := __ts, x := "words")) FILTER (WHERE "words" IS NOT NULL) AS "first_k_words.entries"
FROM flat
GROUP BY ALL;

-- Source returns

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH lists AS (
  -- A list comes as such, or in a text as JSON; what its elements cannot be cast to is null among its values.
  SELECT
    *,
    CASE WHEN typeof("seen") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("seen" AS VARCHAR))) = 'ARRAY' THEN json_extract_string(CAST("seen" AS VARCHAR), '$[*]') END ELSE TRY_CAST("seen" AS VARCHAR[]) END AS "__texts:seen",
    CASE WHEN typeof("seen") = 'VARCHAR' THEN TRY_CAST("__texts:seen" AS TIMESTAMP WITH TIME ZONE[]) ELSE TRY_CAST("seen" AS TIMESTAMP WITH TIME ZONE[]) END AS "__values:seen"
  FROM batch
), typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."shop" AS VARCHAR) AS "shop",
    TRY_CAST(batch."item" AS BIGINT) AS "item",
    "__values:seen" AS "seen",
    TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) AS "at",
    CASE
      WHEN batch."item" IS NOT NULL AND TRY_CAST(batch."item" AS BIGINT) IS NULL OR TRY_CAST(batch."item" AS DOUBLE) <> TRY_CAST(batch."item" AS BIGINT) THEN 'item is not a bigint'
      WHEN batch."seen" IS NOT NULL AND "__values:seen" IS NULL OR typeof(batch."seen") <> 'TIMESTAMP WITH TIME ZONE[]' AND list_count("__values:seen") < list_count("__texts:seen") OR len(list_filter("__values:seen", lambda x: x NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999')) > 0 THEN 'seen is not an array<timestamp>'
      WHEN batch."at" IS NOT NULL AND TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) IS NULL OR TRY_CAST(batch."at" AS TIMESTAMP WITH TIME ZONE) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN 'at is not a timestamp (a number? declare the column bigint, in milliseconds, not seconds)'
    END AS "__reason"
  FROM lists AS batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(epoch_us("at") // 1000) AS "__ts",
    "shop" AS "shop",
    TRY(TRY_CAST(NULL AS DOUBLE)) AS "total",
    TRY(["item", TRY(-"item")]) AS "items",
    TRY(TRY_CAST(NULL AS DECIMAL(8, 2)[])) AS "prices",
    "seen" AS "seen",
    TRY(TRY_CAST(NULL AS TEXT[])) AS "words"
  FROM typed
)
SELECT
  "__row", "__ts", "shop", "total", "items", "prices", "seen", "words",
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
  SELECT true AS "__event", "__ts", "shop" AS "__key:shop", "total", "shop"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("items") AS "items"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("prices") AS "prices"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("seen") AS "seen"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT false AS "__event", "__ts", "shop" AS "__key:shop", unnest("words") AS "words"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:shop" AS VARCHAR) AS "key:shop",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) FILTER (WHERE "__event") AS "__events",
  max("__ts") FILTER (WHERE "__event") AS "__newest",
  sum(CAST("total" AS DOUBLE)) AS "sum_total.sum",
  count("total") AS "count_total.n",
  count("shop") AS "count_shop.n",
  count("items") AS "count_items.n",
  list(CAST("items" AS VARCHAR)) FILTER (WHERE "items" IS NOT NULL) AS "frequent_items.sketch",
  CAST(sum(CAST(CAST("prices" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_prices.hi",
  CAST(sum(CAST(CAST("prices" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_prices.lo",
  count("prices") AS "count_prices.n",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 't') AS "last_seen.ts",
  struct_extract(max(struct_pack(t := __ts, x := epoch_us("seen"))) FILTER (WHERE "seen" IS NOT NULL), 'x') AS "last_seen.value",
  list(struct_pack(t := __ts, x := "words")) FILTER (WHERE "words" IS NOT NULL) AS "first_k_words.entries"
FROM flat
GROUP BY ALL;
