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
  vehicle_id STRING, kind STRING, val DOUBLE, ts BIGINT, nth BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

-- Any call with OVER does it; the number shows the order. Rows behind the watermark are late.
INSERT INTO o SELECT vehicle_id, kind, val, ts, ROW_NUMBER() OVER (PARTITION BY vehicle_id, kind ORDER BY rt) FROM ev;
