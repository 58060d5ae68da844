CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT CASE WHEN id > 1 THEN 1 ELSE 'a' END, k FROM t;
INSERT INTO o SELECT CASE id WHEN 'x' THEN 1 END, CASE WHEN v THEN k END FROM t;
INSERT INTO o SELECT COALESCE(id, k), IF(id, k, k) FROM t;
