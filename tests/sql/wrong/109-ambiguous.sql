CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE VIEW w AS SELECT id, k, id AS id2 FROM t;
INSERT INTO o SELECT x, k FROM (SELECT id AS x, v AS x, k FROM t);
INSERT INTO o SELECT k FROM w;
WITH q AS (SELECT id, k FROM t) INSERT INTO o SELECT id, k FROM q;
INSERT INTO o WITH q (a) AS (SELECT id, k FROM t) SELECT a, b FROM q;
