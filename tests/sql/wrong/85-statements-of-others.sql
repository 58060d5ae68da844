CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
DELETE FROM t WHERE id = 1;
UPDATE t SET id = 1;
TRUNCATE TABLE t;
SELEC id FROM t;
CREATE DATABASE d;
CREATE FUNCTION f AS 'x';
CREATE CATALOG c WITH ('type' = 'x');
ADD JAR 'x.jar';
LOAD MODULE hive;
QUIT;
INSERT o SELECT 1, 'x';
CREATE MATERIALIZED TABLE x AS SELECT 1;
