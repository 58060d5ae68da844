-- Vehicles in motion by region, every 5 s: the query that the ratio is promised for.

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

CREATE TABLE o (region STRING, moving BIGINT, n BIGINT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT region, COUNT(DISTINCT vehicleId) FILTER (WHERE measurement > 0), COUNT(*), window_start
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '5' SECOND))
GROUP BY region, window_start, window_end;
