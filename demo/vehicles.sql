-- Events of connected vehicles, as `narthex generate --kind vehicles` makes them, into Prometheus.
--
-- The same file runs on Apache Flink: give the two options that ask for variables their values.
--
--   narthex generate --kind vehicles --rate 10000 | EVENTS=- RECEIVER=http://localhost:9090 narthex run demo/vehicles.sql

CREATE TABLE events (
  eventType STRING,
  vehicleId STRING,
  region STRING,
  `timestamp` BIGINT,
  measurement INT,
  rt AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  WATERMARK FOR rt AS rt - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${env:EVENTS}',
  'format' = 'json'
);

-- One sample for each event: a series for each vehicle and what it measures.
CREATE TABLE vehicle_samples (
  name STRING,
  vehicle_id STRING,
  region STRING,
  moving STRING,
  `value` DOUBLE,
  rt TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'prometheus',
  'metric.endpoint-url' = '${env:RECEIVER}/api/v1/write',
  'metric.name' = 'name',
  'metric.sample.key' = 'value',
  'metric.sample.timestamp' = 'rt'
);

INSERT INTO vehicle_samples
SELECT
  CASE eventType
    WHEN 'IC_RPM' THEN 'vehicle_engine_rpm'
    WHEN 'ELECTRIC_RPM' THEN 'vehicle_motor_rpm'
    ELSE 'vehicle_warnings'
  END,
  vehicleId,
  LOWER(REPLACE(region, ' ', '_')),
  CASE WHEN eventType = 'WARNINGS' THEN '' WHEN measurement = 0 THEN 'no' ELSE 'yes' END,
  ABS(measurement),
  rt
FROM events
WHERE vehicleId IS NOT NULL AND ABS(measurement) <= 10000;
