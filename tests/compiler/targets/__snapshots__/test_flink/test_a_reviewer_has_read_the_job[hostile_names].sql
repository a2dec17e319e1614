-- The Flink job of hostile_names.group: events in, tiles of 5m out. Generated: change the declaration, not this file.
-- job.py runs these statements one after the other; README.md says how to start it.

SET 'table.local-time-zone' = 'UTC';
SET 'parallelism.default' = '1';
SET 'state.backend.type' = 'rocksdb';
SET 'execution.checkpointing.interval' = '60000 ms';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';
SET 'restart-strategy.type' = 'failure-rate';
SET 'restart-strategy.failure-rate.max-failures-per-interval' = '3';
SET 'restart-strategy.failure-rate.failure-rate-interval' = '10 min';
SET 'restart-strategy.failure-rate.delay' = '5 s';

-- Operators hand rows on without copying them; none of these changes what it was given.
SET 'pipeline.object-reuse' = 'true';

-- A partition without events does not hold the watermark back for longer than this.
SET 'table.exec.source.idle-timeout' = '30 s';

-- Open tiles are put after each of these short waits, and their states are kept while late events may change them.
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '500 ms';
SET 'table.exec.mini-batch.size' = '50000';
SET 'table.exec.state.ttl' = '87000000 ms';
SET 'python.fn-execution.bundle.size' = '50000';
SET 'python.fn-execution.bundle.time' = '200';
SET 'python.fn-execution.arrow.batch.size' = '10000';

CREATE TEMPORARY FUNCTION `put_tiles` AS 'tilewright_runtime.engines.flink.put_tiles' LANGUAGE PYTHON;

CREATE TEMPORARY FUNCTION `count_late` AS 'tilewright_runtime.engines.flink.count_late' LANGUAGE PYTHON;

-- Where the numbers of tiles go that the function has put, and those of late events that the other one has counted: nowhere.
CREATE TEMPORARY TABLE `put` (`tiles` BIGINT) WITH ('connector' = 'blackhole');
CREATE TEMPORARY TABLE `late` (`events` BIGINT) WITH ('connector' = 'blackhole');

-- Events that are in no tile, and why; job.py --refused says where they go.
CREATE TABLE `refused` (`source` STRING, `reason` STRING, `content` STRING) WITH ('connector' = 'print');

-- Source nasty. Every field is read as text, so that one that does not fit its type does not end the job.
CREATE TABLE `nasty` (
  `select` STRING,
  `a"b` STRING,
  `it's` STRING,
  `x; DROP TABLE batch --` STRING,
  `{{ 7 * 7 }}` STRING,
  `batch` STRING,
  `__time` AS TO_TIMESTAMP_LTZ(CASE WHEN (((CAST((TRY_CAST(CASE WHEN REGEXP(`it's`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `it's` WHEN REGEXP(`it's`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`it's`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`it's`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) AS DOUBLE) < CAST(100 AS DOUBLE)) AND (('a;b--"{{ x }}') <> ((`a"b`))))) OR (NOT `select` IS NULL AND (TRY_CAST(CASE WHEN REGEXP(`select`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `select` WHEN REGEXP(`select`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`select`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`select`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) IS NULL) OR (NOT `it's` IS NULL AND (TRY_CAST(CASE WHEN REGEXP(`it's`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `it's` WHEN REGEXP(`it's`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`it's`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`it's`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) IS NULL) OR (NOT `x; DROP TABLE batch --` IS NULL AND ((TRY_CAST(`x; DROP TABLE batch --` AS BIGINT)) IS NULL OR (`x; DROP TABLE batch --` LIKE '%.%' AND TRY_CAST(`x; DROP TABLE batch --` AS DOUBLE) <> CAST((TRY_CAST(`x; DROP TABLE batch --` AS BIGINT)) AS DOUBLE)))) OR (NOT `batch` IS NULL AND ((TRY_CAST(`batch` AS BIGINT)) IS NULL OR (`batch` LIKE '%.%' AND TRY_CAST(`batch` AS DOUBLE) <> CAST((TRY_CAST(`batch` AS BIGINT)) AS DOUBLE)))) THEN COALESCE(MOD(LEAST(CAST((TRY_CAST(`batch` AS BIGINT)) AS BIGINT), LEAST(4102444800000, UNIX_TIMESTAMP() * 1000 + 86400000)), LEAST(4102444800000, UNIX_TIMESTAMP() * 1000 + 86400000)), 0) ELSE 0 END, 3),
  WATERMARK FOR `__time` AS `__time` - INTERVAL '0 00:00:00.000' DAY(3) TO SECOND(3)
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'broker',
  'topic' = '{% raw %}'';DROP',
  'properties.group.id' = 'tilewright-hostile_names.group',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

-- The same events once more as lines, for those that are no JSON objects: the format above passes over them.
CREATE TABLE `lines of nasty` (`line` STRING) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'broker',
  'topic' = '{% raw %}'';DROP',
  'properties.group.id' = 'tilewright-hostile_names.group-lines',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'raw'
);

-- Each field as text and as a value of its type. job.py makes the table nasty as typed of it by way of a stream: were it one query
-- with what follows, each text would be read as often as its value is used.
CREATE TEMPORARY VIEW `nasty as typed before the stream` AS
SELECT
  `__time` AS `__event_time`,
  `select` AS `__text:select`,
  `it's` AS `__text:it's`,
  `x; DROP TABLE batch --` AS `__text:x; DROP TABLE batch --`,
  `batch` AS `__text:batch`,
  TRY_CAST(CASE WHEN REGEXP(`select`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `select` WHEN REGEXP(`select`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`select`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`select`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE) AS `select`,
  `a"b` AS `a"b`,
  TRY_CAST(CASE WHEN REGEXP(`it's`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `it's` WHEN REGEXP(`it's`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`it's`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`it's`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE) AS `it's`,
  TRY_CAST(`x; DROP TABLE batch --` AS BIGINT) AS `x; DROP TABLE batch --`,
  `{{ 7 * 7 }}` AS `{{ 7 * 7 }}`,
  TRY_CAST(`batch` AS BIGINT) AS `batch`
FROM `nasty`;

CREATE TEMPORARY VIEW `nasty as selected` AS
SELECT
  `__time`,
  CASE
    WHEN NOT `__text:select` IS NULL AND `select` IS NULL THEN 'select is not a double'
    WHEN NOT `__text:it's` IS NULL AND `it's` IS NULL THEN 'it''s is not a double'
    WHEN NOT `__text:x; DROP TABLE batch --` IS NULL AND (`x; DROP TABLE batch --` IS NULL OR (`__text:x; DROP TABLE batch --` LIKE '%.%' AND TRY_CAST(`__text:x; DROP TABLE batch --` AS DOUBLE) <> CAST(`x; DROP TABLE batch --` AS DOUBLE))) THEN 'x; DROP TABLE batch -- is not a bigint'
    WHEN NOT `__text:batch` IS NULL AND (`batch` IS NULL OR (`__text:batch` LIKE '%.%' AND TRY_CAST(`__text:batch` AS DOUBLE) <> CAST(`batch` AS DOUBLE))) THEN 'batch is not a bigint'
  END AS `__unreadable`,
  JSON_OBJECT(KEY 'select' VALUE `__text:select`, KEY 'a"b' VALUE `a"b`, KEY 'it''s' VALUE `__text:it's`, KEY 'x; DROP TABLE batch --' VALUE `__text:x; DROP TABLE batch --`, KEY '{{ 7 * 7 }}' VALUE `{{ 7 * 7 }}`, KEY 'batch' VALUE `__text:batch`) AS `__content`,
  `a"b` AS `a"b`,
  `{{ 7 * 7 }}` AS `{{ 7 * 7 }}`,
  `select` AS `select`,
  `x; DROP TABLE batch --` AS `x; DROP TABLE batch --`,
  `it's` AS `it's`,
  CAST(`batch` AS BIGINT) AS `__ts`
FROM `nasty as typed`
WHERE (NOT `__text:select` IS NULL AND `select` IS NULL) OR (NOT `__text:it's` IS NULL AND `it's` IS NULL) OR (NOT `__text:x; DROP TABLE batch --` IS NULL AND (`x; DROP TABLE batch --` IS NULL OR (`__text:x; DROP TABLE batch --` LIKE '%.%' AND TRY_CAST(`__text:x; DROP TABLE batch --` AS DOUBLE) <> CAST(`x; DROP TABLE batch --` AS DOUBLE)))) OR (NOT `__text:batch` IS NULL AND (`batch` IS NULL OR (`__text:batch` LIKE '%.%' AND TRY_CAST(`__text:batch` AS DOUBLE) <> CAST(`batch` AS DOUBLE)))) OR (
  ((CAST(`it's` AS DOUBLE) < CAST(100 AS DOUBLE)) AND (('a;b--"{{ x }}') <> (`a"b`)))
)
;

CREATE TEMPORARY VIEW `nasty as judged` AS
SELECT
  `a"b` AS `a"b`,
  `{{ 7 * 7 }}` AS `{{ 7 * 7 }}`,
  CAST(`select` AS DOUBLE) AS `select`,
  CAST(`x; DROP TABLE batch --` AS BIGINT) AS `x; DROP TABLE batch --`,
  CAST(`it's` AS DOUBLE) AS `it's`,
  `__ts`,
  `__ts` - MOD(`__ts`, 300000) AS `__start`,
  `__content`,
  CASE
    WHEN `__unreadable` IS NOT NULL THEN `__unreadable`
    WHEN `a"b` IS NULL THEN 'key a"b is null'
    WHEN `{{ 7 * 7 }}` IS NULL THEN 'key {{ 7 * 7 }} is null'
    WHEN `__ts` IS NULL THEN 'time is null'
    WHEN `__ts` >= 31536000 AND `__ts` < 4102444800 THEN 'time is outside 1971-2099: seconds? times are milliseconds'
    WHEN `__ts` >= 31536000000000 AND `__ts` < 4102444800000000 THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
    WHEN `__ts` >= 31536000000000000 AND `__ts` < 4102444800000000000 THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
    WHEN `__ts` < 31536000000 OR `__ts` >= 4102444800000 THEN 'time is outside 1971-2099'
    WHEN `__ts` > UNIX_TIMESTAMP() * 1000 + 86400000 THEN 'time is more than 1d ahead of the clock'
    -- Late is decided before anything is counted, tile by tile: the watermark has passed the tile's end and the allowed lateness.
    WHEN CURRENT_WATERMARK(`__time`) IS NOT NULL
      AND TO_TIMESTAMP_LTZ(`__ts` - MOD(`__ts`, 300000) + 599999, 3) <= CURRENT_WATERMARK(`__time`)
      THEN 'later than the allowed lateness of 300000 ms'
  END AS `__reason`,
  CURRENT_WATERMARK(`__time`) IS NOT NULL
      AND TO_TIMESTAMP_LTZ(`__ts` - MOD(`__ts`, 300000) + 299999, 3) <= CURRENT_WATERMARK(`__time`) AS `__late`
FROM `nasty as selected`
-- In a store whose history ends at a cut-over, job.py puts that time in the place of the null: the events before it are there.
WHERE COALESCE(`__ts` >= CAST(NULL AS BIGINT), TRUE);

CREATE TEMPORARY VIEW `judged before the stream` AS
SELECT
  'nasty' AS `__source`,
  `a"b`,
  `{{ 7 * 7 }}`,
  `select`,
  `x; DROP TABLE batch --`,
  `it's`,
  `__ts`,
  `__start`,
  `__reason`,
  `__late`,
  CASE WHEN `__reason` IS NOT NULL THEN `__content` END AS `__content`
FROM `nasty as judged`;

-- job.py makes the table `judged` of this view by way of a stream too. Were it one query with what follows, the assigner of
-- mini-batches would stand before CURRENT_WATERMARK and give it the time of day in place of the watermark.

-- What SQL can add up is added up here; of the rest the values are handed over, from which put_tiles makes the states. job.py makes
-- the table `tiles` of this view by way of a stream that is distributed by entity: all tiles of one come to one instance of the
-- function, which merges the coarser ones from them.
CREATE TEMPORARY VIEW `tiles before the stream` AS
SELECT
  CONCAT_WS(' ', CAST(`a"b` AS STRING), CAST(`{{ 7 * 7 }}` AS STRING)) AS `__entity`,
  `a"b` AS `key:a"b`,
  `{{ 7 * 7 }}` AS `key:{{ 7 * 7 }}`,
  `__start`,
  COUNT(*) AS `__events`,
  MAX(`__ts`) AS `__newest`,
  MAX(`it's`) FILTER (WHERE NOT ((ABS(`it's`) <> ABS(-(`it's`))))) AS `max_it's.value`,
  COUNT(*) FILTER (WHERE (ABS(`it's`) <> ABS(-(`it's`)))) AS `max_it's.nan`,
  COUNT(`it's`) AS `count_it's.n`,
  COALESCE(SUM(`x; DROP TABLE batch --` / 4294967296), 0) AS `sum_x; DROP TABLE batch --.hi`,
  COALESCE(SUM(MOD(`x; DROP TABLE batch --`, 4294967296)), 0) AS `sum_x; DROP TABLE batch --.lo`,
  COUNT(`x; DROP TABLE batch --`) AS `count_x; DROP TABLE batch --.n`,
  COALESCE(SUM(`select`), 0e0) AS `sum_select.sum`,
  COUNT(`select`) AS `count_select.n`,
  ARRAY_AGG(`a"b`) FILTER (WHERE `a"b` IS NOT NULL) AS `values:a"b`
FROM `judged`
WHERE `__reason` IS NULL
GROUP BY `a"b`, `{{ 7 * 7 }}`, `__start`;

EXECUTE STATEMENT SET BEGIN

INSERT INTO `put` SELECT `put_tiles`(
  `key:a"b`,
  `key:{{ 7 * 7 }}`,
  `__start`,
  `__events`,
  `__newest`,
  `max_it's.value`,
  `max_it's.nan`,
  `count_it's.n`,
  `sum_x; DROP TABLE batch --.hi`,
  `sum_x; DROP TABLE batch --.lo`,
  `count_x; DROP TABLE batch --.n`,
  `sum_select.sum`,
  `count_select.n`,
  `values:a"b`
) FROM `tiles`;

INSERT INTO `late` SELECT `count_late`(`__ts`) FROM `judged` WHERE `__reason` IS NULL AND `__late`;

INSERT INTO `refused`
SELECT `__source`, `__reason`, `__content` FROM `judged` WHERE `__reason` IS NOT NULL
UNION ALL
SELECT 'nasty', 'not a JSON object', `line` FROM `lines of nasty` WHERE TRIM(`line`) <> '' AND NOT (`line` IS JSON OBJECT)
;

END;
