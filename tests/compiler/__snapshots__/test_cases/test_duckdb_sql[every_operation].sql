-- Tiles of every_operation.origins. Generated; a copy for readers of what plan.json holds.
-- The writer registers raw rows as the relation batch: the columns of the schema and __row BIGINT, the row's number.
-- It runs statement 1 once for each batch, in UTC, and statement 2 once for each level.
-- Its session computes expressions as they stand: SET disabled_optimizers = 'expression_rewriter'
-- $latest_ms: the latest time of an event, by the clock.
-- $tile_ms: 1d = 86400000, 6h = 21600000, 1h = 3600000, 5m = 300000

-- Source flights

-- 1. Read a batch of raw rows as the types of the schema, keep what the wheres keep, and compute keys, time and inputs.
CREATE OR REPLACE TEMP TABLE events AS
WITH typed AS (
  -- A value that does not fit its type is refused with a reason, not turned into null in silence.
  SELECT
    batch."__row",
    TRY_CAST(batch."tail" AS VARCHAR) AS "tail",
    TRY_CAST(batch."origin" AS VARCHAR) AS "origin",
    TRY_CAST(batch."delay" AS INTEGER) AS "delay",
    TRY_CAST(batch."fare" AS DECIMAL(8,2)) AS "fare",
    TRY_CAST(batch."left" AS BIGINT) AS "left",
    CASE
      WHEN batch."delay" IS NOT NULL AND TRY_CAST(batch."delay" AS INTEGER) IS NULL OR TRY_CAST(batch."delay" AS DOUBLE) <> TRY_CAST(batch."delay" AS INTEGER) THEN 'delay is not an int'
      WHEN batch."fare" IS NOT NULL AND TRY_CAST(batch."fare" AS DECIMAL(8,2)) IS NULL THEN 'fare is not a decimal(8,2)'
      WHEN batch."left" IS NOT NULL AND TRY_CAST(batch."left" AS BIGINT) IS NULL OR TRY_CAST(batch."left" AS DOUBLE) <> TRY_CAST(batch."left" AS BIGINT) THEN 'left is not a bigint'
    END AS "__reason"
  FROM batch
), selected AS (
  SELECT
    "__row",
    "__reason",
    TRY(CAST("left" AS BIGINT)) AS "__ts",
    "origin" AS "origin",
    "delay" AS "delay",
    "fare" AS "fare",
    "tail" AS "tail",
    CASE WHEN TRY(TRY_CAST(MAKE_TIMESTAMPTZ(TRY_CAST(CASE WHEN ("left") BETWEEN -9200000000000000 AND 9200000000000000 THEN "left" END AS BIGINT) * 1000) AS DATE)) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN TRY(TRY_CAST(MAKE_TIMESTAMPTZ(TRY_CAST(CASE WHEN ("left") BETWEEN -9200000000000000 AND 9200000000000000 THEN "left" END AS BIGINT) * 1000) AS DATE)) END AS "day",
    TRY("delay" > 15) AS "late"
  FROM typed
  WHERE "__reason" IS NOT NULL OR (TRY((NOT "delay" IS NULL)) AND TRY(("origin" IN ('JFK', 'LGA'))))
)
SELECT
  "__row", "__ts", "origin", "delay", "fare", "tail", "day", "late",
  CASE
    WHEN "__reason" IS NOT NULL THEN "__reason"
    WHEN "origin" IS NULL THEN 'key origin is null'
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
  CAST("origin" AS VARCHAR) AS "key:origin",
  "__ts" - ("__ts" % $tile_ms + $tile_ms) % $tile_ms AS "__start",
  count(*) AS "__events",
  max("__ts") AS "__newest",
  count("delay") AS "count_delay.n",
  CAST(sum(CAST("delay" AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_delay.hi",
  CAST(sum(CAST("delay" AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_delay.lo",
  CAST(sum(CAST(CAST("fare" AS DECIMAL(38,2)) * 100 AS BIGINT)) // 4294967296 AS BIGINT) AS "sum_fare.hi",
  CAST(sum(CAST(CAST("fare" AS DECIMAL(38,2)) * 100 AS BIGINT)) % 4294967296 AS BIGINT) AS "sum_fare.lo",
  count("fare") AS "count_fare.n",
  min("tail") AS "min_tail.value",
  count("tail") AS "count_tail.n",
  max(CAST("day" - DATE '1970-01-01' AS BIGINT)) AS "max_day.value",
  count("day") AS "count_day.n",
  -struct_extract(max(struct_pack(t := -__ts, x := "tail")) FILTER (WHERE "tail" IS NOT NULL), 't') AS "first_tail.ts",
  struct_extract(max(struct_pack(t := -__ts, x := "tail")) FILTER (WHERE "tail" IS NOT NULL), 'x') AS "first_tail.value",
  struct_extract(max(struct_pack(t := __ts, x := CAST("late" AS BIGINT))) FILTER (WHERE "late" IS NOT NULL), 't') AS "last_late.ts",
  struct_extract(max(struct_pack(t := __ts, x := CAST("late" AS BIGINT))) FILTER (WHERE "late" IS NOT NULL), 'x') AS "last_late.value",
  list(CAST("delay" AS DOUBLE)) FILTER (WHERE "delay" IS NOT NULL) AS "tdigest_delay.sketch",
  list("tail") FILTER (WHERE "tail" IS NOT NULL) AS "hll_tail.sketch",
  list(CAST("tail" AS VARCHAR)) FILTER (WHERE "tail" IS NOT NULL) AS "frequent_tail_10.sketch",
  list(CAST("tail" AS VARCHAR)) FILTER (WHERE "tail" IS NOT NULL) AS "frequent_tail_14.sketch",
  list(CAST("fare" AS DOUBLE)) FILTER (WHERE "fare" IS NOT NULL) AS "variance_fare.values",
  count("fare") AS "variance_fare.n",
  list(CAST("delay" AS DOUBLE)) FILTER (WHERE "delay" IS NOT NULL) AS "moments_delay.values",
  count("delay") AS "moments_delay.n",
  list(struct_pack(t := __ts, x := "tail")) FILTER (WHERE "tail" IS NOT NULL) AS "first_k_tail.entries",
  list(struct_pack(t := __ts, x := CAST(CAST("fare" AS DECIMAL(38,2)) * 100 AS BIGINT))) FILTER (WHERE "fare" IS NOT NULL) AS "last_k_fare.entries",
  list(CAST("day" - DATE '1970-01-01' AS BIGINT)) FILTER (WHERE "day" IS NOT NULL) AS "largest_k_day.entries",
  list(CAST("delay" AS BIGINT)) FILTER (WHERE "delay" IS NOT NULL) AS "smallest_k_delay.entries",
  list(DISTINCT "tail") FILTER (WHERE "tail" IS NOT NULL) AS "unique_tail.entries",
  list(DISTINCT "tail") FILTER (WHERE "tail" IS NOT NULL) AS "bounded_tail_100.entries",
  list(DISTINCT "tail") FILTER (WHERE "tail" IS NOT NULL) AS "bounded_tail_10.entries",
  histogram(CAST("late" AS BIGINT)) FILTER (WHERE "late" IS NOT NULL) AS "histogram_late.entries",
  histogram("tail") FILTER (WHERE "tail" IS NOT NULL) AS "histogram_tail.entries",
  list(CAST("fare" AS DOUBLE)) FILTER (WHERE "fare" IS NOT NULL) AS "kll_fare.sketch",
  list(CAST("fare" AS DOUBLE)) FILTER (WHERE "fare" IS NOT NULL) AS "tdigest_fare.sketch"
FROM events
WHERE "__reason" IS NULL
GROUP BY ALL;
