CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE VIEW a AS SELECT id, k FROM b;
CREATE VIEW b AS SELECT id, k FROM a;
CREATE VIEW c AS SELECT * FROM c;
INSERT INTO o SELECT id, k FROM b;
