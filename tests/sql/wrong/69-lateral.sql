CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, x FROM t, LATERAL TABLE(SPLIT(k)) AS s(x);
INSERT INTO o SELECT t.id, u.k FROM t LEFT JOIN t AS u ON t.id = u.id;
INSERT INTO o SELECT id, k FROM t, nowhere;
