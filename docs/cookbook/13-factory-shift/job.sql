CREATE TABLE readings (
  machine STRING,
  sensor STRING,
  v DOUBLE,
  ms BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR rt AS rt - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/readings.json',
  'format' = 'json'
);

CREATE TABLE o (
  machine STRING, n BIGINT, s TIMESTAMP(3), e TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT machine, COUNT(*), window_start, window_end
FROM TABLE(CUMULATE(TABLE readings, DESCRIPTOR(rt), INTERVAL '20' SECOND, INTERVAL '1' MINUTE))
GROUP BY machine, window_start, window_end;
