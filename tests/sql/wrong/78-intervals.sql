CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL '1' WEEK;
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL '100' DAY;
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL 'x' HOUR;
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL '1:30' DAY TO HOUR;
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL '1' QUARTER;
INSERT INTO o SELECT id, k FROM t WHERE ts > ts - INTERVAL '1' FORTNIGHT;
