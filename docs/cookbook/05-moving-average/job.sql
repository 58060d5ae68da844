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
  region STRING, speed DOUBLE, t TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT region, ROUND(AVG(speed), 6), window_time
FROM TABLE(HOP(TABLE ev, DESCRIPTOR(rt), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
GROUP BY region, window_start, window_end, window_time;
