-- A histogram of each region, every 10 s.

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

CREATE TABLE o (region STRING, b1 BIGINT, b2 BIGINT, b3 BIGINT, b4 BIGINT, n BIGINT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT region, COUNT(*) FILTER (WHERE measurement <= 1000), COUNT(*) FILTER (WHERE measurement <= 2000),
  COUNT(*) FILTER (WHERE measurement <= 3000), COUNT(*) FILTER (WHERE measurement <= 4000), COUNT(*), window_start
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '10' SECOND))
GROUP BY region, window_start, window_end;
