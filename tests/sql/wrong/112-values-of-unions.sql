CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT * FROM (VALUES (1, 'a'), (2)) AS v(x, y);
INSERT INTO o SELECT * FROM (VALUES (1, 'a')) AS v(x);
INSERT INTO o SELECT * FROM (VALUES (1, 'a'), ('b', 2)) AS v(x, y);
INSERT INTO o VALUES 1, 2;
