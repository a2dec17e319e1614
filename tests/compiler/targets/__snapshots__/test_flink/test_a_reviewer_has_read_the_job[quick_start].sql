-- The Flink job of quick_start.clicks_tiled: events in, tiles of 5m out. Generated: change the declaration, not this file.
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

-- Source click_events. Every field is read as text, so that one that does not fit its type does not end the job.
CREATE TABLE `click_events` (
  `user_id` STRING,
  `price` STRING,
  `quantity` STRING,
  `ts` STRING,
  `__time` AS TO_TIMESTAMP_LTZ(CASE WHEN (((CAST((TRY_CAST(CASE WHEN REGEXP(`price`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `price` WHEN REGEXP(`price`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`price`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`price`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) AS DOUBLE) > CAST(0 AS DOUBLE) OR (ABS(CAST((TRY_CAST(CASE WHEN REGEXP(`price`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `price` WHEN REGEXP(`price`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`price`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`price`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) AS DOUBLE)) <> ABS(-(CAST((TRY_CAST(CASE WHEN REGEXP(`price`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `price` WHEN REGEXP(`price`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`price`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`price`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) AS DOUBLE))))))) OR (NOT `price` IS NULL AND (TRY_CAST(CASE WHEN REGEXP(`price`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `price` WHEN REGEXP(`price`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`price`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`price`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE)) IS NULL) OR (NOT `quantity` IS NULL AND ((TRY_CAST(`quantity` AS BIGINT)) IS NULL OR (`quantity` LIKE '%.%' AND TRY_CAST(`quantity` AS DOUBLE) <> CAST((TRY_CAST(`quantity` AS BIGINT)) AS DOUBLE)))) OR (NOT `ts` IS NULL AND (((CASE WHEN REGEXP(`ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$') THEN (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(SUBSTRING(`ts`, 1, 10) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 12, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 15, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 18, 2) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REPLACE(SUBSTRING(`ts`, 21, 6), 'Z', ''), 6, '0') AS BIGINT), 0) ELSE (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 1) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 3) AS BIGINT), 0) - CASE WHEN REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', '') LIKE '-%' THEN -1 ELSE 1 END * (COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 2, 2) AS BIGINT), 0) * 60 + COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 4, 2) AS BIGINT), 0))) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 4) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 5), 6, '0') AS BIGINT), 0) END)) IS NULL OR NOT ((((CASE WHEN REGEXP(`ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$') THEN (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(SUBSTRING(`ts`, 1, 10) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 12, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 15, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 18, 2) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REPLACE(SUBSTRING(`ts`, 21, 6), 'Z', ''), 6, '0') AS BIGINT), 0) ELSE (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 1) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 3) AS BIGINT), 0) - CASE WHEN REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', '') LIKE '-%' THEN -1 ELSE 1 END * (COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 2, 2) AS BIGINT), 0) * 60 + COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 4, 2) AS BIGINT), 0))) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 4) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 5), 6, '0') AS BIGINT), 0) END))) >= -62135596800000000 AND (((CASE WHEN REGEXP(`ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$') THEN (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(SUBSTRING(`ts`, 1, 10) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 12, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 15, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 18, 2) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REPLACE(SUBSTRING(`ts`, 21, 6), 'Z', ''), 6, '0') AS BIGINT), 0) ELSE (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 1) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 3) AS BIGINT), 0) - CASE WHEN REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', '') LIKE '-%' THEN -1 ELSE 1 END * (COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 2, 2) AS BIGINT), 0) * 60 + COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 4, 2) AS BIGINT), 0))) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 4) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 5), 6, '0') AS BIGINT), 0) END))) <= 253402300799999999))) THEN COALESCE(MOD(LEAST((((CASE WHEN REGEXP(`ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$') THEN (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(SUBSTRING(`ts`, 1, 10) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 12, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 15, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 18, 2) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REPLACE(SUBSTRING(`ts`, 21, 6), 'Z', ''), 6, '0') AS BIGINT), 0) ELSE (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 1) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 3) AS BIGINT), 0) - CASE WHEN REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', '') LIKE '-%' THEN -1 ELSE 1 END * (COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 2, 2) AS BIGINT), 0) * 60 + COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 4, 2) AS BIGINT), 0))) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 4) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 5), 6, '0') AS BIGINT), 0) END))) / 1000, LEAST(4102444800000, UNIX_TIMESTAMP() * 1000 + 86400000)), LEAST(4102444800000, UNIX_TIMESTAMP() * 1000 + 86400000)), 0) ELSE 0 END, 3),
  WATERMARK FOR `__time` AS `__time` - INTERVAL '0 00:00:00.000' DAY(3) TO SECOND(3)
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'topic' = 'clicks',
  'properties.group.id' = 'tilewright-quick_start.clicks_tiled',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

-- The same events once more as lines, for those that are no JSON objects: the format above passes over them.
CREATE TABLE `lines of click_events` (`line` STRING) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'topic' = 'clicks',
  'properties.group.id' = 'tilewright-quick_start.clicks_tiled-lines',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'raw'
);

-- Each field as text and as a value of its type. job.py makes the table click_events as typed of it by way of a stream: were it one query
-- with what follows, each text would be read as often as its value is used.
CREATE TEMPORARY VIEW `click_events as typed before the stream` AS
SELECT
  `__time` AS `__event_time`,
  `price` AS `__text:price`,
  `quantity` AS `__text:quantity`,
  `ts` AS `__text:ts`,
  `user_id` AS `user_id`,
  TRY_CAST(CASE WHEN REGEXP(`price`, '^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$') THEN `price` WHEN REGEXP(`price`, '^\s*[+-]?(?i:nan)\s*$') THEN 'NaN' WHEN REGEXP(`price`, '^\s*\+?(?i:inf(inity)?)\s*$') THEN 'Infinity' WHEN REGEXP(`price`, '^\s*-(?i:inf(inity)?)\s*$') THEN '-Infinity' END AS DOUBLE) AS `price`,
  TRY_CAST(`quantity` AS BIGINT) AS `quantity`,
  (CASE WHEN REGEXP(`ts`, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$') THEN (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(SUBSTRING(`ts`, 1, 10) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 12, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 15, 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(SUBSTRING(`ts`, 18, 2) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REPLACE(SUBSTRING(`ts`, 21, 6), 'Z', ''), 6, '0') AS BIGINT), 0) ELSE (((CAST(TIMESTAMPDIFF(DAY, CAST('1970-01-01' AS DATE), TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 1) AS DATE)) AS BIGINT) * 24 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 2) AS BIGINT), 0)) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 3) AS BIGINT), 0) - CASE WHEN REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', '') LIKE '-%' THEN -1 ELSE 1 END * (COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 2, 2) AS BIGINT), 0) * 60 + COALESCE(TRY_CAST(SUBSTRING(REPLACE(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 6), ':', ''), 4, 2) AS BIGINT), 0))) * 60 + COALESCE(TRY_CAST(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 4) AS BIGINT), 0)) * 1000000 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(`ts`, '^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$', 5), 6, '0') AS BIGINT), 0) END) AS `ts`
FROM `click_events`;

CREATE TEMPORARY VIEW `click_events as selected` AS
SELECT
  `__time`,
  CASE
    WHEN NOT `__text:price` IS NULL AND `price` IS NULL THEN 'price is not a double'
    WHEN NOT `__text:quantity` IS NULL AND (`quantity` IS NULL OR (`__text:quantity` LIKE '%.%' AND TRY_CAST(`__text:quantity` AS DOUBLE) <> CAST(`quantity` AS DOUBLE))) THEN 'quantity is not a bigint'
    WHEN NOT `__text:ts` IS NULL AND (`ts` IS NULL OR NOT ((`ts`) >= -62135596800000000 AND (`ts`) <= 253402300799999999)) THEN 'ts is not a timestamp'
  END AS `__unreadable`,
  JSON_OBJECT(KEY 'user_id' VALUE `user_id`, KEY 'price' VALUE `__text:price`, KEY 'quantity' VALUE `__text:quantity`, KEY 'ts' VALUE `__text:ts`) AS `__content`,
  `user_id` AS `user_id`,
  (CAST(`price` AS DOUBLE) * CAST(`quantity` AS DOUBLE)) AS `amount`,
  (`ts`) / 1000 AS `__ts`
FROM `click_events as typed`
WHERE (NOT `__text:price` IS NULL AND `price` IS NULL) OR (NOT `__text:quantity` IS NULL AND (`quantity` IS NULL OR (`__text:quantity` LIKE '%.%' AND TRY_CAST(`__text:quantity` AS DOUBLE) <> CAST(`quantity` AS DOUBLE)))) OR (NOT `__text:ts` IS NULL AND (`ts` IS NULL OR NOT ((`ts`) >= -62135596800000000 AND (`ts`) <= 253402300799999999))) OR (
  ((CAST(`price` AS DOUBLE) > CAST(0 AS DOUBLE) OR (ABS(CAST(`price` AS DOUBLE)) <> ABS(-(CAST(`price` AS DOUBLE))))))
)
;

CREATE TEMPORARY VIEW `click_events as judged` AS
SELECT
  `user_id` AS `user_id`,
  CAST(`amount` AS DOUBLE) AS `amount`,
  `__ts`,
  `__ts` - MOD(`__ts`, 300000) AS `__start`,
  `__content`,
  CASE
    WHEN `__unreadable` IS NOT NULL THEN `__unreadable`
    WHEN `user_id` IS NULL THEN 'key user_id is null'
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
FROM `click_events as selected`
-- In a store whose history ends at a cut-over, job.py puts that time in the place of the null: the events before it are there.
WHERE COALESCE(`__ts` >= CAST(NULL AS BIGINT), TRUE);

CREATE TEMPORARY VIEW `judged before the stream` AS
SELECT
  'click_events' AS `__source`,
  `user_id`,
  `amount`,
  `__ts`,
  `__start`,
  `__reason`,
  `__late`,
  CASE WHEN `__reason` IS NOT NULL THEN `__content` END AS `__content`
FROM `click_events as judged`;

-- job.py makes the table `judged` of this view by way of a stream too. Were it one query with what follows, the assigner of
-- mini-batches would stand before CURRENT_WATERMARK and give it the time of day in place of the watermark.

-- What SQL can add up is added up here; of the rest the values are handed over, from which put_tiles makes the states. job.py makes
-- the table `tiles` of this view by way of a stream that is distributed by entity: all tiles of one come to one instance of the
-- function, which merges the coarser ones from them.
CREATE TEMPORARY VIEW `tiles before the stream` AS
SELECT
  CONCAT_WS(' ', CAST(`user_id` AS STRING)) AS `__entity`,
  `user_id` AS `key:user_id`,
  `__start`,
  COUNT(*) AS `__events`,
  MAX(`__ts`) AS `__newest`,
  COALESCE(SUM(`amount`), 0e0) AS `sum_amount.sum`,
  COUNT(`amount`) AS `count_amount.n`,
  ARRAY_AGG(`amount`) FILTER (WHERE `amount` IS NOT NULL) AS `values:amount`
FROM `judged`
WHERE `__reason` IS NULL
GROUP BY `user_id`, `__start`;

EXECUTE STATEMENT SET BEGIN

INSERT INTO `put` SELECT `put_tiles`(
  `key:user_id`,
  `__start`,
  `__events`,
  `__newest`,
  `sum_amount.sum`,
  `count_amount.n`,
  `values:amount`
) FROM `tiles`;

INSERT INTO `late` SELECT `count_late`(`__ts`) FROM `judged` WHERE `__reason` IS NULL AND `__late`;

INSERT INTO `refused`
SELECT `__source`, `__reason`, `__content` FROM `judged` WHERE `__reason` IS NOT NULL
UNION ALL
SELECT 'click_events', 'not a JSON object', `line` FROM `lines of click_events` WHERE TRIM(`line`) <> '' AND NOT (`line` IS JSON OBJECT)
;

END;
