-- Connected vehicles: what a fleet does, by model and region, every 5 s; and each event as a sample of its own beside it,
-- for the contrast. A receiver keeps a few hundred series of the one, and three for each vehicle of the other.
--
-- The same file runs on Apache Flink: give the options that ask for variables their values.
--
--   narthex generate --kind vehicles --rate 10000 \
--     | EVENTS=- MODELS=demo/models.json RECEIVER=http://localhost:9090 narthex run demo/vehicles.sql

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

-- What is built on each line: the last digit of a vehicle's number says on which. A line changes its model at times.
CREATE TABLE fleet_models (
  line INT,
  model STRING,
  valid_from BIGINT,
  since AS TO_TIMESTAMP_LTZ(valid_from, 3),
  WATERMARK FOR since AS since,
  PRIMARY KEY (line) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${env:MODELS}',
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
  'connector' = 'prometheus',
  'metric.endpoint-url' = '${env:RECEIVER}/api/v1/write',
  'metric.name' = 'name',
  'metric.sample.key' = 'value',
  'metric.sample.timestamp' = 'rt'
);

CREATE TABLE fleet_samples (
  name STRING,
  model STRING,
  region STRING,
  `value` DOUBLE,
  rt TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'prometheus',
  'metric.endpoint-url' = '${env:RECEIVER}/api/v1/write',
  'metric.name' = 'name',
  'metric.sample.key' = 'value',
  'metric.sample.timestamp' = 'rt'
);

-- Outliers go; each event gets the model that its line built at its time.
CREATE TEMPORARY VIEW known AS
SELECT e.eventType, e.vehicleId, LOWER(REPLACE(e.region, ' ', '_')) AS region, e.`timestamp` AS ts, e.measurement, e.rt,
  COALESCE(m.model, 'unknown') AS model
FROM (
  SELECT *, CAST(SUBSTRING(vehicleId FROM CHAR_LENGTH(vehicleId)) AS INT) AS line FROM events
  WHERE vehicleId IS NOT NULL AND ABS(measurement) <= 10000
) AS e
LEFT JOIN fleet_models FOR SYSTEM_TIME AS OF e.rt AS m ON e.line = m.line;

-- What was sent twice counts once.
CREATE TEMPORARY VIEW once AS
SELECT model, region, eventType, vehicleId, measurement, window_start, window_end, window_time
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY window_start, window_end, vehicleId, eventType, ts ORDER BY rt ASC) AS n
  FROM TABLE(TUMBLE(TABLE known, DESCRIPTOR(rt), INTERVAL '5' SECOND)))
WHERE n = 1;

CREATE TEMPORARY VIEW fleet AS
SELECT model, region, CAST(window_time AS TIMESTAMP_LTZ(3)) AS rt,
  COUNT(DISTINCT vehicleId) FILTER (WHERE eventType <> 'WARNINGS' AND measurement <> 0) AS moving,
  COUNT(*) FILTER (WHERE eventType = 'WARNINGS') AS warnings,
  COUNT(*) AS events
FROM once
GROUP BY model, region, window_start, window_end, window_time;

EXECUTE STATEMENT SET BEGIN
INSERT INTO fleet_samples
SELECT 'fleet_vehicles_moving', model, region, CAST(moving AS DOUBLE), rt FROM fleet
UNION ALL SELECT 'fleet_warnings', model, region, CAST(warnings AS DOUBLE), rt FROM fleet
UNION ALL SELECT 'fleet_events_per_second', model, region, events / 5.0E0, rt FROM fleet;

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
END;
