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
  vehicle_id STRING, kind STRING, val DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

-- Within windows the state ends with them; without one, every key that was ever seen is kept.
INSERT INTO o SELECT vehicle_id, kind, val, ts FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, vehicle_id, kind, ts ORDER BY rt ASC) AS n
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(rt), INTERVAL '1' MINUTE)))
WHERE n = 1;
