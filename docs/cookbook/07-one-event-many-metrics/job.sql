CREATE TABLE ev (
  vehicle_id STRING,
  region STRING,
  kind STRING,
  val DOUBLE,
  odo DOUBLE,
  speed DOUBLE,
  body STRING,
  ts BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR rt AS rt - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/ev.json',
  'format' = 'json'
);

CREATE TABLE o (
  m STRING, vehicle_id STRING, v DOUBLE, t TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o
SELECT 'speed_kmh', vehicle_id, speed, rt FROM ev
UNION ALL SELECT 'odometer_km', vehicle_id, odo, rt FROM ev
UNION ALL SELECT 'battery_percent', vehicle_id, CAST(JSON_VALUE(body, 'lax $.batt.pct') AS DOUBLE), rt FROM ev
  WHERE JSON_EXISTS(body, 'lax $.batt.pct');
