CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO default_catalog.default_database.o SELECT id, k FROM my_catalog.my_database.t;
INSERT INTO a.b.c.o SELECT id, k FROM t;
INSERT INTO o SELECT x.id, t.k FROM t AS x;
