CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
SET 'table.local-time-zone' = 'Europe/Berln';
SET 'narthex.on-bad-record' = 'explode';
SET 'narthex.on-row-errr' = 'fail';
SET narthex.on-row-error = fail;
SET 'parallelism.default' = '0';
SET parallelism.default 2;
RESET nope;
INSERT INTO o SELECT id, k FROM t;
