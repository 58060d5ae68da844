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
  region STRING, moving BIGINT, t TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

-- FILTER keeps groups whose count is zero; WHERE would leave them out.
INSERT INTO o SELECT region, COUNT(DISTINCT vehicle_id) FILTER (WHERE val <> 0), window_time
FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(rt), INTERVAL '5' SECOND)) WHERE kind IN ('IC_RPM', 'ELECTRIC_RPM')
GROUP BY region, window_start, window_end, window_time;
