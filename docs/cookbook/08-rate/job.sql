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
  vehicle_id STRING, metres_per_s DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT vehicle_id, ROUND((odo - p) * 1000.0E0 / ((ts - pts) / 1000.0E0), 6), ts FROM (
  SELECT vehicle_id, odo, ts, LAG(odo) OVER w AS p, LAG(ts) OVER w AS pts FROM ev
  WINDOW w AS (PARTITION BY vehicle_id ORDER BY rt))
WHERE odo >= p AND ts > pts;
