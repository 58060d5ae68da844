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

INSERT INTO o SELECT region, COUNT(*), window_start FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY window_start, window_end, vehicleId, eventType, `timestamp` ORDER BY rt ASC) AS n
  FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '10' SECOND)))
WHERE n = 1
GROUP BY region, window_start, window_end;
