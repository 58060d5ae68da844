CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, TRIM(k, 'x') FROM t;
INSERT INTO o SELECT id, TRIM(FROM k) FROM t;
INSERT INTO o SELECT POSITION('a', k), k FROM t;
INSERT INTO o SELECT id, OVERLAY(k PLACING 'x') FROM t;
INSERT INTO o SELECT EXTRACT(FOO FROM ts), k FROM t;
INSERT INTO o SELECT id, CAST(FLOOR(ts TO FOO) AS STRING) FROM t;
