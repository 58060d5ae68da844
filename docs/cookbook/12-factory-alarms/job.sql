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
  machine STRING, temp DOUBLE, vibration DOUBLE, ms BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT h.machine, h.v, s.v, h.ms
FROM (SELECT * FROM readings WHERE sensor = 'temp' AND v > 65) AS h
JOIN (SELECT * FROM readings WHERE sensor = 'vibration' AND v > 65) AS s
  ON h.machine = s.machine AND s.rt BETWEEN h.rt - INTERVAL '3' SECOND AND h.rt + INTERVAL '3' SECOND;
