-- Connected vehicles: what a fleet does, by model and region, and how far it drives, every 5 s; and each event as a sample of its own beside it,
-- for the contrast. A receiver keeps a few hundred series of the one, and three for each vehicle of the other.
--
-- The same file runs on Apache Flink: give the options that ask for variables their values.
--
--   narthex generate --kind vehicles --positions --rate 10000 \
--     | EVENTS=- MODELS=demo/models.json RECEIVER=http://localhost:9090 narthex run demo/vehicles.sql

-- Who has not been heard of for so long begins anew: what is known of a vehicle need not be kept for ever.
SET 'table.exec.state.ttl' = '1 h';

CREATE TABLE events (
  eventType STRING,
  vehicleId STRING,
  region STRING,
  `timestamp` BIGINT,
  measurement INT,
  latitude DOUBLE,
  longitude DOUBLE,
  -- Flink fails at an event without a time: one whose time cannot be read is of 1970, and left out below.
  rt AS TO_TIMESTAMP_LTZ(COALESCE(`timestamp`, 0), 3),
  WATERMARK FOR rt AS rt - INTERVAL '10' SECOND
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
  WHERE `timestamp` > 0 AND vehicleId IS NOT NULL AND ABS(measurement) <= 10000
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

-- Each report beside the two that its vehicle made before, in the order of their own time. Reports without a place are left out.
CREATE TEMPORARY VIEW places AS
SELECT LOWER(REPLACE(region, ' ', '_')) AS region, rt, latitude, longitude,
  LAG(latitude, 1) OVER route AS latitude_1, LAG(longitude, 1) OVER route AS longitude_1,
  LAG(latitude, 2) OVER route AS latitude_2, LAG(longitude, 2) OVER route AS longitude_2
FROM events
WHERE `timestamp` > 0 AND vehicleId IS NOT NULL AND latitude IS NOT NULL AND longitude IS NOT NULL
WINDOW route AS (PARTITION BY vehicleId ORDER BY rt);

-- A degree is 111.2 km, of longitude less towards the poles. In whole meters: a sum of integers is the same in whatever order.
CREATE TEMPORARY VIEW distances AS
SELECT region, rt,
  CAST(111200E0 * SQRT(POWER(latitude - latitude_1, 2) + POWER((longitude - longitude_1) * COS(RADIANS(latitude)), 2)) AS BIGINT) AS meters_1,
  CAST(111200E0 * SQRT(POWER(latitude - latitude_2, 2) + POWER((longitude - longitude_2) * COS(RADIANS(latitude)), 2)) AS BIGINT) AS meters_2
FROM places;

-- Nobody drives 50 km between two reports: such a place is wrong, unless it is near the one before that, which then was right.
CREATE TEMPORARY VIEW legs AS
SELECT region, rt,
  CASE
    WHEN meters_1 IS NULL THEN 0
    WHEN meters_1 <= 50000 THEN meters_1
    WHEN meters_2 <= 50000 THEN meters_2
  END AS meters
FROM distances;

CREATE TEMPORARY VIEW roads AS
SELECT region, CAST(window_time AS TIMESTAMP_LTZ(3)) AS rt,
  COALESCE(SUM(meters), 0) AS meters,
  COUNT(*) FILTER (WHERE meters IS NULL) AS jumps
FROM TABLE(TUMBLE(TABLE legs, DESCRIPTOR(rt), INTERVAL '5' SECOND))
GROUP BY region, window_start, window_end, window_time;

EXECUTE STATEMENT SET BEGIN
INSERT INTO fleet_samples
SELECT 'fleet_vehicles_moving', model, region, CAST(moving AS DOUBLE), rt FROM fleet
UNION ALL SELECT 'fleet_warnings', model, region, CAST(warnings AS DOUBLE), rt FROM fleet
UNION ALL SELECT 'fleet_events_per_second', model, region, events / 5.0E0, rt FROM fleet
UNION ALL SELECT 'fleet_driven_meters', '', region, CAST(meters AS DOUBLE), rt FROM roads
UNION ALL SELECT 'fleet_gps_jumps', '', region, CAST(jumps AS DOUBLE), rt FROM roads;

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
WHERE `timestamp` > 0 AND vehicleId IS NOT NULL AND ABS(measurement) <= 10000;
END;
