CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE s (id INT) WITH ('connector' = 'print, 'print-identifier' = 'x');
INSERT INTO s SELECT id FROM t;
INSERT INTO o SELECT nope, k FROM t;
