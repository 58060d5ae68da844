CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, x FROM t CROSS JOIN UNNEST(k) AS u(x);
INSERT INTO o SELECT id, x FROM t CROSS JOIN UNNEST(tags) AS u(x, y);
INSERT INTO o SELECT id, x FROM t LEFT JOIN UNNEST(tags) AS u(x) ON id = 1;
INSERT INTO o SELECT id, x FROM t CROSS JOIN UNNEST(nope) AS u(x);
