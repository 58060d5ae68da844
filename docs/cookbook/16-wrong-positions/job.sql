CREATE TABLE ev (
  vehicle_id STRING,
  latitude DOUBLE,
  longitude DOUBLE,
  ts BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR rt AS rt - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/ev.json',
  'format' = 'json'
);

CREATE TABLE o (
  vehicle_id STRING, latitude DOUBLE, longitude DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

-- In degrees. The one before may be the wrong one; then this is near the one before that.
INSERT INTO o SELECT vehicle_id, latitude, longitude, ts FROM (
  SELECT vehicle_id, latitude, longitude, ts,
    ABS(latitude - LAG(latitude, 1) OVER w) + ABS(longitude - LAG(longitude, 1) OVER w) AS step_1,
    ABS(latitude - LAG(latitude, 2) OVER w) + ABS(longitude - LAG(longitude, 2) OVER w) AS step_2
  FROM ev
  WINDOW w AS (PARTITION BY vehicle_id ORDER BY rt))
WHERE step_1 IS NULL OR step_1 < 0.5 OR step_2 < 0.5;
