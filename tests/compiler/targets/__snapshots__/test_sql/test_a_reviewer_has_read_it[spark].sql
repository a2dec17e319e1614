-- Tiles of 5m, of quick_start.clicks_tiled in spark. Generated: change the declaration, not this file.
-- The session's time zone must be UTC.
-- Before it, so that every part of an expression overflows by itself: SET spark.sql.optimizer.excludedRules = org.apache.spark.sql.catalyst.optimizer.ReorderAssociativeOperator,org.apache.spark.sql.catalyst.optimizer.SimplifyCaseConversionExpressions,org.apache.spark.sql.catalyst.optimizer.SimplifyDateTimeConversions;
-- `click_events`: a table or view of the events of click_events.
WITH events AS (
  SELECT
    `user_id`,
    `amount`,
    `__ts`,
    CASE
      WHEN `user_id` IS NULL
      THEN 'key user_id is null'
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
      CAST(`raw`.`user_id` AS STRING) AS `user_id`,
      CAST(`raw`.`price` * `raw`.`quantity` AS DOUBLE) AS `amount`,
      UNIX_MILLIS(CAST(`raw`.`ts` AS TIMESTAMP)) AS `__ts`
    FROM `click_events` AS `raw`
    WHERE
      (
        `raw`.`price` > 0
      )
  ) AS selected
)
SELECT
  `user_id` AS `key_user_id`,
  `__start` AS `__start`,
  COUNT(*) AS `__events`,
  MAX(`__ts`) AS `__newest`,
  SUM(CAST(`amount` AS DOUBLE)) AS `sum_amount_sum`,
  COUNT(`amount`) AS `count_amount_n`,
  COLLECT_LIST(CAST(`amount` AS DOUBLE)) AS `tdigest_amount_sketch`
FROM (
  SELECT
    *,
    `__ts` - `__ts` % 300000 AS `__start`
  FROM events
  WHERE
    `__reason` IS NULL
) AS placed
GROUP BY
  `user_id`,
  `__start`;
