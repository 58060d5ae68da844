-- Average and extremes of each vehicle, every minute.

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

CREATE TABLE o (id STRING, a INT, lo INT, hi INT, s TIMESTAMP(3)) WITH (
  ${SINK}
);

INSERT INTO o SELECT vehicleId, AVG(measurement), MIN(measurement), MAX(measurement), window_start
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '60' SECOND))
GROUP BY vehicleId, window_start, window_end;
