CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, JSON_VALUE(k) FROM t;
INSERT INTO o SELECT id, JSON_VALUE(k, '$.a' RETURNING FOO) FROM t;
INSERT INTO o SELECT id, JSON_OBJECT('a', 1) FROM t;
INSERT INTO o SELECT id, JSON_QUERY(id, '$.a') FROM t;
INSERT INTO o SELECT id, JSON_VALUE(k, '$.a' NULL ON NOTHING) FROM t;
