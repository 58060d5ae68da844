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
  vehicle_id STRING, km DOUBLE, s TIMESTAMP(3), e TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT vehicle_id, ROUND(MAX(odo) - MIN(odo), 3), window_start, window_end
FROM TABLE(SESSION(TABLE ev PARTITION BY vehicle_id, DESCRIPTOR(rt), INTERVAL '8' SECOND))
GROUP BY vehicle_id, window_start, window_end;
