-- Vehicle events of a file, filtered, named by a CASE, with three labels. run.py sets the place and the sink.

CREATE TABLE events (
  eventType STRING,
  vehicleId STRING,
  region STRING,
  `timestamp` BIGINT,
  measurement INT,
  rt AS TO_TIMESTAMP_LTZ(`timestamp`, 3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${EVENTS}',
  'format' = 'json'
);

CREATE TABLE vehicle_samples (
  name STRING,
  vehicle_id STRING,
  region STRING,
  moving STRING,
  `value` DOUBLE,
  rt TIMESTAMP_LTZ(3)
) WITH (
  ${SINK}
);

INSERT INTO vehicle_samples
SELECT
  CASE eventType
    WHEN 'IC_RPM' THEN 'vehicle_engine_rpm'
    WHEN 'ELECTRIC_RPM' THEN 'vehicle_motor_rpm'
    ELSE 'vehicle_warnings'
  END,
  vehicleId,
  region,
  CASE WHEN measurement > 0 THEN 'yes' ELSE 'no' END,
  measurement,
  rt
FROM events
WHERE vehicleId IS NOT NULL AND measurement < 2700;
