CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, k FROM t /*+ OPTIONS('path' = '/x', 'formt' = 'csv') */;
INSERT INTO o SELECT /*+ BROADCAST(t) */ id, k FROM t;
INSERT INTO o SELECT id, k FROM t AS x /*+ OPTIONS('path' = '/x') */;
INSERT INTO o SELECT id, k FROM t /*+ OPTIONS(path = '/x') */;
CREATE VIEW w AS SELECT id, k FROM t;
INSERT INTO o SELECT id, k FROM w /*+ OPTIONS('path' = '/x') */;
