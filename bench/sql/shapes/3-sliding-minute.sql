-- A minute of each region, anew every 10 s.

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

CREATE TABLE o (region STRING, kind STRING, n BIGINT, total BIGINT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT region, eventType, COUNT(*), SUM(CAST(measurement AS BIGINT)), window_start
FROM TABLE(HOP(TABLE events, DESCRIPTOR(rt), INTERVAL '10' SECOND, INTERVAL '60' SECOND))
GROUP BY region, eventType, window_start, window_end;
