CREATE TABLE t (id INT, k STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, k FROM t WHERE ts > TIMESTAMP '2024-13-01 00:00:00' OR ts > DATE '2024-02-30';
