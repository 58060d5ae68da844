CREATE TABLE t (id INT, k STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE g (id INT, k STRING) WITH ('connector' = 'datagen', 'rows-per-second' = 'many', 'fields.idd.kind' = 'random', 'fields.k.kind' = 'sequential');
INSERT INTO o SELECT id, k FROM g;
