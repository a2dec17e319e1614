-- Tiles of hostile_buckets.group. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and the others once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 5m = 300000

-- Source nasty

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH lists AS (
  -- A list comes as such, or in a text as JSON; what its elements cannot be cast to is null among its values.
  SELECT
    *,
    CASE WHEN typeof("list, ""of'") = 'VARCHAR' THEN CASE WHEN TRY(json_type(CAST("list, ""of'" AS VARCHAR))) = 'ARRAY' THEN json_extract_string(CAST("list, ""of'" AS VARCHAR), '$[*]') END ELSE TRY_CAST("list, ""of'" AS VARCHAR[]) END AS "__texts:list, ""of'",
    CASE WHEN typeof("list, ""of'") = 'VARCHAR' THEN TRY_CAST("__texts:list, ""of'" AS VARCHAR[]) ELSE TRY_CAST("list, ""of'" AS VARCHAR[]) END AS "__values:list, ""of'"
  FROM batch
), typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."user" AS VARCHAR) AS "user",
    "__values:list, ""of'" AS "list, ""of'",
    TRY_CAST(batch."x" AS DOUBLE) AS "x",
    TRY_CAST(batch."ts" AS BIGINT) AS "ts",
    TRY_CAST(batch."a""b" AS VARCHAR) AS "a""b",
    TRY_CAST(batch."it's -- x" AS VARCHAR) AS "it's -- x",
    TRY_CAST(batch."*/ x; DROP TABLE batch --" AS VARCHAR) AS "*/ x; DROP TABLE batch --",
    TRY_CAST(batch."{{ 7 * 7 }}" AS VARCHAR) AS "{{ 7 * 7 }}",
    TRY_CAST(batch."by:x.entries" AS VARCHAR) AS "by:x.entries",
    TRY_CAST(batch."batch" AS VARCHAR) AS "batch",
    CASE
      WHEN batch."list, ""of'" IS NOT NULL AND "__values:list, ""of'" IS NULL OR typeof(batch."list, ""of'") <> 'VARCHAR[]' AND list_count("__values:list, ""of'") < list_count("__texts:list, ""of'") THEN 'list, "of'' is not an array<string>'
      WHEN batch."x" IS NOT NULL AND TRY_CAST(batch."x" AS DOUBLE) IS NULL THEN 'x is not a double'
      WHEN batch."ts" IS NOT NULL AND TRY_CAST(batch."ts" AS BIGINT) IS NULL OR TRY_CAST(batch."ts" AS DOUBLE) <> TRY_CAST(batch."ts" AS BIGINT) THEN 'ts is not a bigint'
    END AS "__reason"
  FROM lists AS batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(CAST("ts" AS BIGINT)) AS "__ts",
    "user" AS "user",
    "x" AS "x",
    "a""b" AS "a""b",
    "it's -- x" AS "it's -- x",
    "*/ x; DROP TABLE batch --" AS "*/ x; DROP TABLE batch --",
    "{{ 7 * 7 }}" AS "{{ 7 * 7 }}",
    "by:x.entries" AS "by:x.entries",
    "batch" AS "batch",
    "list, ""of'" AS "list, ""of'"
  FROM typed
)
SELECT
  "__row", "__ts", "user", "x", "a""b", "it's -- x", "*/ x; DROP TABLE batch --", "{{ 7 * 7 }}", "by:x.entries", "batch", "list, ""of'",
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
  max("__ts") AS "__newest"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;

-- 3. What those tiles keep for each value of "a""b" that comes with a value of an input.
WITH flat AS (
  -- Each event without its lists, then each element of each list by itself.
  SELECT "a""b" AS "__value", "__ts", "user" AS "__key:user", "x"
  FROM events WHERE "__reason" IS NULL
  UNION ALL BY NAME
  SELECT "a""b" AS "__value", "__ts", "user" AS "__key:user", unnest("list, ""of'") AS "list, ""of'"
  FROM events WHERE "__reason" IS NULL
)
SELECT
  CAST("__key:user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "__value" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_a""b.value",
  count("x") AS "count_x_by_a""b.n",
  count("list, ""of'") AS "count_list, ""of'_by_a""b.n"
FROM flat
WHERE "__value" IS NOT NULL AND ("x" IS NOT NULL OR "list, ""of'" IS NOT NULL)
GROUP BY ALL;

-- 4. What those tiles keep for each value of "it's -- x" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "it's -- x" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_it's -- x.value",
  count("x") AS "count_x_by_it's -- x.n"
FROM events
WHERE "__reason" IS NULL AND "it's -- x" IS NOT NULL AND ("x" IS NOT NULL)
GROUP BY ALL;

-- 5. What those tiles keep for each value of "*/ x; DROP TABLE batch --" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "*/ x; DROP TABLE batch --" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_*/ x; DROP TABLE batch --.value",
  count("x") AS "count_x_by_*/ x; DROP TABLE batch --.n"
FROM events
WHERE "__reason" IS NULL AND "*/ x; DROP TABLE batch --" IS NOT NULL AND ("x" IS NOT NULL)
GROUP BY ALL;

-- 6. What those tiles keep for each value of "{{ 7 * 7 }}" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "{{ 7 * 7 }}" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_{{ 7 * 7 }}.value",
  count("x") AS "count_x_by_{{ 7 * 7 }}.n"
FROM events
WHERE "__reason" IS NULL AND "{{ 7 * 7 }}" IS NOT NULL AND ("x" IS NOT NULL)
GROUP BY ALL;

-- 7. What those tiles keep for each value of "by:x.entries" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "by:x.entries" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_by:x.entries.value",
  count("x") AS "count_x_by_by:x.entries.n"
FROM events
WHERE "__reason" IS NULL AND "by:x.entries" IS NOT NULL AND ("x" IS NOT NULL)
GROUP BY ALL;

-- 8. What those tiles keep for each value of "batch" that comes with a value of an input.
SELECT
  CAST("user" AS VARCHAR) AS "key:user",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  "batch" AS "__bucket",
  max(CAST("x" AS DOUBLE)) AS "max_x_by_batch.value",
  count("x") AS "count_x_by_batch.n"
FROM events
WHERE "__reason" IS NULL AND "batch" IS NOT NULL AND ("x" IS NOT NULL)
GROUP BY ALL;
