CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT r.c, k FROM t;
INSERT INTO o SELECT id.x, k FROM t;
INSERT INTO o SELECT tags['a'], k FROM t;
INSERT INTO o SELECT r['a'], id[1] FROM t;
