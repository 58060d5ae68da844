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
  vehicle_id STRING, n BIGINT, place BIGINT, s TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT vehicle_id, n, place, window_start FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, vehicle_id) AS place FROM (
    SELECT vehicle_id, window_start, window_end, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(rt), INTERVAL '20' SECOND))
    GROUP BY vehicle_id, window_start, window_end))
WHERE place <= 2;
