CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id::INT, k FROM t WHERE id != 1 AND id == 2;
INSERT INTO o SELECT id % 2 & 1, k FROM t WHERE k ILIKE 'x%';
INSERT INTO o SELECT id -- a comment
  // another
, k FROM t;
