CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json', 'json.fail-on-missing-field' = 'true', 'json.ignore-parse-errors' = 'true');
CREATE TABLE b (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'csv', 'csv.field-delimiter' = ';;');
CREATE TABLE c (id INT, m MAP<INT, STRING>) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json', 'json.timestamp-format.standard' = 'iso');
CREATE TABLE d (id INT, m MAP<STRING, STRING>) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'csv');
INSERT INTO o SELECT id, 'x' FROM a;
INSERT INTO o SELECT id, 'x' FROM b;
INSERT INTO o SELECT id, 'x' FROM c;
INSERT INTO o SELECT id, 'x' FROM d;
