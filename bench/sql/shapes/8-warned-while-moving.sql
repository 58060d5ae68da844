-- Warnings with what the engine did within 2 s before.

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

CREATE TABLE o (id STRING, warned BIGINT, rpm INT) WITH (
  ${SINK}
);

INSERT INTO o SELECT w.vehicleId, w.`timestamp`, e.measurement
FROM (SELECT * FROM events WHERE eventType NOT IN ('IC_RPM', 'ELECTRIC_RPM')) w
JOIN (SELECT * FROM events WHERE eventType IN ('IC_RPM', 'ELECTRIC_RPM')) e
  ON w.vehicleId = e.vehicleId AND e.rt BETWEEN w.rt - INTERVAL '2' SECOND AND w.rt;
