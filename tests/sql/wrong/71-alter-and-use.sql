CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
ALTER TABLE t ADD x INT;
ALTER TABLE nowhere SET ('path' = '/x');
ALTER TABLE t SET ('pth' = '/x');
USE CATALOG hive;
USE other;
CREATE OR REPLACE TABLE t (id INT) WITH ('connector' = 'print');
INSERT INTO o SELECT id, k FROM t;
