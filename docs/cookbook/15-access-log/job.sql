CREATE TABLE access (
  host STRING,
  status INT,
  ms_taken DOUBLE,
  ms BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR rt AS rt - INTERVAL '1' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/access.json',
  'format' = 'json'
);

CREATE TABLE o (
  m STRING, host STRING, le STRING, v DOUBLE, s TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

CREATE TEMPORARY VIEW w AS SELECT host, window_start AS s,
  COUNT(*) FILTER (WHERE ms_taken <= 10) AS b10, COUNT(*) FILTER (WHERE ms_taken <= 100) AS b100, COUNT(*) AS n,
  SUM(ms_taken) AS total, COUNT(*) FILTER (WHERE status >= 500) AS errors
FROM TABLE(TUMBLE(TABLE access, DESCRIPTOR(rt), INTERVAL '5' SECOND)) GROUP BY host, window_start, window_end;

INSERT INTO o
SELECT 'latency_ms_bucket', host, '10', CAST(b10 AS DOUBLE), s FROM w
UNION ALL SELECT 'latency_ms_bucket', host, '100', CAST(b100 AS DOUBLE), s FROM w
UNION ALL SELECT 'latency_ms_bucket', host, '+Inf', CAST(n AS DOUBLE), s FROM w
UNION ALL SELECT 'latency_ms_count', host, '', CAST(n AS DOUBLE), s FROM w
UNION ALL SELECT 'latency_ms_sum', host, '', ROUND(total, 3), s FROM w
UNION ALL SELECT 'error_ratio', host, '', ROUND(CAST(errors AS DOUBLE) / n, 6), s FROM w;
