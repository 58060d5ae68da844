-- Each event once, however often it was sent; counted by region.

CREATE TABLE events (
  eventType STRING,
  vehicleId STRING,
  region STRING,
  `timestamp` BIGINT,
  measurement INT,
  rt AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  WATERMARK FOR rt AS rt - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${EVENTS}',
  'format' = 'json'
);

CREATE TABLE o (region STRING, n BIGINT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

CREATE TEMPORARY VIEW once AS SELECT region, rt FROM (
  SELECT region, rt, ROW_NUMBER() OVER (PARTITION BY vehicleId, eventType, `timestamp` ORDER BY rt ASC) AS n FROM events)
WHERE n = 1;
INSERT INTO o SELECT region, COUNT(*), window_start
FROM TABLE(TUMBLE(TABLE once, DESCRIPTOR(rt), INTERVAL '10' SECOND))
GROUP BY region, window_start, window_end;
