-- Tiles of 5m, of every_operation.origins in spark. Generated: change the declaration, not this file.
-- The session's time zone must be UTC.
-- Before it, so that every part of an expression overflows by itself: SET spark.sql.optimizer.excludedRules = org.apache.spark.sql.catalyst.optimizer.ReorderAssociativeOperator,org.apache.spark.sql.catalyst.optimizer.SimplifyCaseConversionExpressions,org.apache.spark.sql.catalyst.optimizer.SimplifyDateTimeConversions;
-- `flights`: a table or view of the events of flights.
WITH events AS (
  SELECT
    `origin`,
    `fare`,
    `tail`,
    `late`,
    `delay`,
    `day`,
    `__ts`,
    CASE
      WHEN `origin` IS NULL
      THEN 'key origin is null'
      WHEN `__ts` IS NULL
      THEN 'time is null'
      WHEN `__ts` >= 31536000 AND `__ts` < 4102444800
      THEN 'time is outside 1971-2099: seconds? times are milliseconds'
      WHEN `__ts` >= 31536000000000 AND `__ts` < 4102444800000000
      THEN 'time is outside 1971-2099: microseconds? times are milliseconds'
      WHEN `__ts` >= 31536000000000000 AND `__ts` < 4102444800000000000
      THEN 'time is outside 1971-2099: nanoseconds? times are milliseconds'
      WHEN `__ts` < 31536000000 OR `__ts` >= 4102444800000
      THEN 'time is outside 1971-2099'
      WHEN `__ts` > UNIX_MILLIS(CURRENT_TIMESTAMP()) + 86400000
      THEN 'time is more than 1d ahead of the clock'
    END AS `__reason`
  FROM (
    SELECT
      CAST(`raw`.`origin` AS STRING) AS `origin`,
      CAST(`raw`.`fare` AS DECIMAL(8, 2)) AS `fare`,
      CAST(`raw`.`tail` AS STRING) AS `tail`,
      CAST(`raw`.`delay` > 15 AS BOOLEAN) AS `late`,
      CAST(`raw`.`delay` AS INT) AS `delay`,
      CASE
        WHEN CAST(TO_DATE(
          IF(
            (
              `raw`.`left`
            ) BETWEEN -9200000000000000 AND 9200000000000000,
            TIMESTAMP_MILLIS(`raw`.`left`),
            NULL
          )
        ) AS DATE) BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)
        THEN CAST(TO_DATE(
          IF(
            (
              `raw`.`left`
            ) BETWEEN -9200000000000000 AND 9200000000000000,
            TIMESTAMP_MILLIS(`raw`.`left`),
            NULL
          )
        ) AS DATE)
      END AS `day`,
      CAST(`raw`.`left` AS BIGINT) AS `__ts`
    FROM `flights` AS `raw`
    WHERE
      (
        NOT `raw`.`delay` IS NULL
      ) AND (
        `raw`.`origin` IN ('JFK', 'LGA')
      )
  ) AS selected
)
SELECT
  `origin` AS `key_origin`,
  `__start` AS `__start`,
  COUNT(*) AS `__events`,
  MAX(`__ts`) AS `__newest`,
  COUNT(`delay`) AS `count_delay_n`,
  CAST(SUM(
    (
      (
        CAST(`delay` AS BIGINT) - (
          CAST(`delay` AS BIGINT) % 4294967296 + 4294967296
        ) % 4294967296
      ) DIV 4294967296
    )
  ) AS BIGINT) AS `sum_delay_hi`,
  CAST(SUM((
    CAST(`delay` AS BIGINT) % 4294967296 + 4294967296
  ) % 4294967296) AS BIGINT) AS `sum_delay_lo`,
  CAST(SUM(
    (
      (
        CAST(CAST(`fare` AS DECIMAL(38, 2)) * 100 AS BIGINT) - (
          CAST(CAST(`fare` AS DECIMAL(38, 2)) * 100 AS BIGINT) % 4294967296 + 4294967296
        ) % 4294967296
      ) DIV 4294967296
    )
  ) AS BIGINT) AS `sum_fare_hi`,
  CAST(SUM(
    (
      CAST(CAST(`fare` AS DECIMAL(38, 2)) * 100 AS BIGINT) % 4294967296 + 4294967296
    ) % 4294967296
  ) AS BIGINT) AS `sum_fare_lo`,
  COUNT(`fare`) AS `count_fare_n`,
  MIN(`tail`) AS `min_tail_value`,
  COUNT(`tail`) AS `count_tail_n`,
  MAX(CAST(DATEDIFF(`day`, CAST('1970-01-01' AS DATE)) AS BIGINT)) AS `max_day_value`,
  COUNT(`day`) AS `count_day_n`,
  MIN(CASE WHEN NOT `tail` IS NULL THEN `__ts` END) AS `first_tail_ts`,
  MAX(STRUCT(-`__ts` AS t, `tail` AS x)) FILTER(WHERE
    NOT `tail` IS NULL).x AS `first_tail_value`,
  MAX(CASE WHEN NOT `late` IS NULL THEN `__ts` END) AS `last_late_ts`,
  MAX(STRUCT(`__ts` AS t, CAST(`late` AS BIGINT) AS x)) FILTER(WHERE
    NOT CAST(`late` AS BIGINT) IS NULL).x AS `last_late_value`,
  COLLECT_LIST(CAST(`delay` AS DOUBLE)) AS `tdigest_delay_sketch`,
  CASE
    WHEN COUNT(`tail`) > 0
    THEN HLL_SKETCH_AGG(CASE WHEN `tail` = '' THEN CONCAT(CHR(  0), 'empty') ELSE `tail` END, 12)
  END AS `hll_tail_sketch`,
  COLLECT_LIST(CAST(`tail` AS STRING)) AS `frequent_tail_10_sketch`,
  COLLECT_LIST(CAST(`tail` AS STRING)) AS `frequent_tail_14_sketch`,
  COLLECT_LIST(CAST(`fare` AS DOUBLE)) AS `variance_fare_values`,
  COUNT(`fare`) AS `variance_fare_n`,
  COLLECT_LIST(CAST(`delay` AS DOUBLE)) AS `moments_delay_values`,
  COUNT(`delay`) AS `moments_delay_n`,
  COLLECT_LIST(STRUCT(`__ts` AS t, `tail` AS x)) FILTER(WHERE
    NOT `tail` IS NULL) AS `first_k_tail_entries`,
  COLLECT_LIST(STRUCT(`__ts` AS t, CAST(CAST(`fare` AS DECIMAL(38, 2)) * 100 AS BIGINT) AS x)) FILTER(WHERE
    NOT CAST(CAST(`fare` AS DECIMAL(38, 2)) * 100 AS BIGINT) IS NULL) AS `last_k_fare_entries`,
  COLLECT_LIST(CAST(DATEDIFF(`day`, CAST('1970-01-01' AS DATE)) AS BIGINT)) AS `largest_k_day_entries`,
  COLLECT_LIST(CAST(`delay` AS BIGINT)) AS `smallest_k_delay_entries`,
  COLLECT_SET(`tail`) AS `unique_tail_entries`,
  COLLECT_SET(`tail`) AS `bounded_tail_100_entries`,
  COLLECT_SET(`tail`) AS `bounded_tail_10_entries`,
  COLLECT_LIST(CAST(`late` AS BIGINT)) AS `histogram_late_entries`,
  COLLECT_LIST(`tail`) AS `histogram_tail_entries`,
  CASE
    WHEN COUNT(CAST(`fare` AS DOUBLE)) > 0
    THEN KLL_SKETCH_AGG_DOUBLE(CAST(`fare` AS DOUBLE), 400)
  END AS `kll_fare_sketch`,
  COLLECT_LIST(CAST(`fare` AS DOUBLE)) AS `tdigest_fare_sketch`
FROM (
  SELECT
    *,
    `__ts` - `__ts` % 300000 AS `__start`
  FROM events
  WHERE
    `__reason` IS NULL
) AS placed
GROUP BY
  `origin`,
  `__start`;
