CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT NOPE(id), UPER(k) FROM nowhere;
INSERT INTO o SELECT ABS('x'), LENGTH(kk) FROM nowhere WHERE CAST('2024-99-99' AS DATE) > DATE '2024-13-01';
INSERT INTO o SELECT id, SUM(k) FROM nowhere;
