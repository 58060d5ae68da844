CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT ABS(), UPPER(k, k) FROM t;
INSERT INTO o SELECT POWER(2), SUBSTRING(k) FROM t;
INSERT INTO o SELECT id, CONCAT_WS() FROM t;
INSERT INTO o SELECT id, CURRENT_TIMESTAMP(3) FROM t;
