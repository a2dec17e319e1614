-- Tiles of hostile_names.group. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 5m = 300000

-- Source nasty

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."select" AS DOUBLE) AS "select",
    TRY_CAST(batch."a""b" AS VARCHAR) AS "a""b",
    TRY_CAST(batch."it's" AS DOUBLE) AS "it's",
    TRY_CAST(batch."x; DROP TABLE batch --" AS BIGINT) AS "x; DROP TABLE batch --",
    TRY_CAST(batch."{{ 7 * 7 }}" AS VARCHAR) AS "{{ 7 * 7 }}",
    TRY_CAST(batch."batch" AS BIGINT) AS "batch",
    CASE
      WHEN batch."select" IS NOT NULL AND TRY_CAST(batch."select" AS DOUBLE) IS NULL THEN 'select is not a double'
      WHEN batch."it's" IS NOT NULL AND TRY_CAST(batch."it's" AS DOUBLE) IS NULL THEN 'it''s is not a double'
      WHEN batch."x; DROP TABLE batch --" IS NOT NULL AND TRY_CAST(batch."x; DROP TABLE batch --" AS BIGINT) IS NULL OR TRY_CAST(batch."x; DROP TABLE batch --" AS DOUBLE) <> TRY_CAST(batch."x; DROP TABLE batch --" AS BIGINT) THEN 'x; DROP TABLE batch -- is not a bigint'
      WHEN batch."batch" IS NOT NULL AND TRY_CAST(batch."batch" AS BIGINT) IS NULL OR TRY_CAST(batch."batch" AS DOUBLE) <> TRY_CAST(batch."batch" AS BIGINT) THEN 'batch is not a bigint'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    CASE
      WHEN "__reason" IS NULL AND TRY("{{ 7 * 7 }}") IS NULL AND TRY(hash("{{ 7 * 7 }}") IS NOT NULL) IS NULL THEN 'key {{ 7 * 7 }} overflows in its expression: cast a part, as in cast(x as bigint) * 1000'
      ELSE "__reason"
    END AS "__reason",
    TRY(CAST("batch" AS BIGINT)) AS "__ts",
    "a""b" AS "a""b",
    "{{ 7 * 7 }}" AS "{{ 7 * 7 }}",
    "it's" AS "it's",
    "x; DROP TABLE batch --" AS "x; DROP TABLE batch --",
    "select" AS "select"
  FROM typed
  WHERE "__reason" IS NOT NULL OR (TRY(("it's" < 100 AND 'a;b--"{{ x }}' <> "a""b")))
)
SELECT
  "__row", "__ts", "a""b", "{{ 7 * 7 }}", "it's", "x; DROP TABLE batch --", "select",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "a""b" IS NULL THEN 'key a"b is null'
    WHEN "{{ 7 * 7 }}" IS NULL THEN 'key {{ 7 * 7 }} is null'
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
  CAST("a""b" AS VARCHAR) AS "key:a""b",
  CAST("{{ 7 * 7 }}" AS VARCHAR) AS "key:{{ 7 * 7 }}",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  max(CAST("it's" AS DOUBLE)) AS "max_it's.value",
  count("it's") AS "count_it's.n",
  CAST(sum(CAST("x; DROP TABLE batch --" AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_x; DROP TABLE batch --.hi",
  CAST(sum(CAST("x; DROP TABLE batch --" AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_x; DROP TABLE batch --.lo",
  count("x; DROP TABLE batch --") AS "count_x; DROP TABLE batch --.n",
  list(CAST("a""b" AS VARCHAR)) FILTER (WHERE "a""b" IS NOT NULL) AS "frequent_a""b.sketch",
  sum(CAST("select" AS DOUBLE)) AS "sum_select.sum",
  count("select") AS "count_select.n"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;
