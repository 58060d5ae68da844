-- The ten busiest vehicles of each 10 s.

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

CREATE TABLE o (id STRING, n BIGINT, place BIGINT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT vehicleId, n, place, window_start FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, vehicleId) AS place FROM (
    SELECT vehicleId, COUNT(*) AS n, window_start, window_end FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '10' SECOND))
    GROUP BY vehicleId, window_start, window_end))
WHERE place <= 10;
