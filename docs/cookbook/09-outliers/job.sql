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
  vehicle_id STRING, val DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT vehicle_id, val, ts FROM (
  SELECT vehicle_id, val, ts, AVG(val) OVER w AS a, STDDEV_POP(val) OVER w AS s FROM ev WHERE kind = 'IC_RPM'
  WINDOW w AS (PARTITION BY vehicle_id ORDER BY rt RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW))
WHERE s = 0 OR ABS(val - a) <= 1.2 * s;
