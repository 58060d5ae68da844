-- Trips: events of a vehicle with less than 10 s between them.

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

CREATE TABLE o (id STRING, n BIGINT, s TIMESTAMP(3), e TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT vehicleId, COUNT(*), window_start, window_end
FROM TABLE(SESSION(TABLE events PARTITION BY vehicleId, DESCRIPTOR(rt), INTERVAL '10' SECOND))
GROUP BY vehicleId, window_start, window_end;
