CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, k FROM t WHERE id IN (SELECT id FROM t);
INSERT INTO o SELECT (SELECT MAX(id) FROM t), k FROM t;
INSERT INTO o SELECT id, k FROM t WHERE EXISTS (SELECT 1 FROM t) AND id = ANY (SELECT 1);
