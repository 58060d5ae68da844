CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a (id INT, x AS id + 'a', y AS nope * 2, z AS x + 1) WITH ('connector' = 'print');
CREATE TABLE b (id INT, n AS NOPE(id)) WITH ('connector' = 'datagen');
INSERT INTO o SELECT n, k FROM b;
