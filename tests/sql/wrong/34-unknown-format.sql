CREATE TABLE t (id INT, k STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE f (id INT, k STRING) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'jsn');
INSERT INTO o SELECT id, k FROM f;
