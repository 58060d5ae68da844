CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT 99999999999999999999, k FROM t;
INSERT INTO o SELECT id, U&'\zzzz' FROM t;
INSERT INTO o SELECT id, k FROM t WHERE ts > TIMESTAMP '2024-02-30 00:00:00';
INSERT INTO o SELECT id, X'4' FROM t;
INSERT INTO o SELECT id, k FROM t WHERE ts > TIMESTAMP '2024-05-06';
