-- The average of the last five events of a vehicle, and how far each is above the least of them; the jumps.

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

CREATE TABLE o (id STRING, a INT, step INT, ts BIGINT) WITH (
  ${SINK}
);

INSERT INTO o SELECT id, a, step, ts FROM (
  SELECT vehicleId AS id, AVG(measurement) OVER w AS a, measurement - MIN(measurement) OVER w AS step, `timestamp` AS ts
  FROM events
  WINDOW w AS (PARTITION BY vehicleId ORDER BY rt ROWS BETWEEN 4 PRECEDING AND CURRENT ROW))
WHERE step > 4000;
