CREATE TABLE meters (
  meter STRING,
  wh BIGINT,
  ms BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR rt AS rt - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/meters.json',
  'format' = 'json'
);

CREATE TABLE o (
  meter STRING, used BIGINT, s TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

CREATE TEMPORARY VIEW used AS SELECT meter, rt, CASE WHEN wh >= p THEN wh - p ELSE wh END AS used FROM (
  SELECT meter, rt, wh, LAG(wh) OVER (PARTITION BY meter ORDER BY rt) AS p FROM meters)
WHERE p IS NOT NULL;

INSERT INTO o SELECT COALESCE(meter, 'all'), SUM(used), window_start
FROM TABLE(TUMBLE(TABLE used, DESCRIPTOR(rt), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, GROUPING SETS ((meter), ());
