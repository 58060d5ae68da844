CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a (id INT, s STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '-5', 'rows-per-second' = 'fast', 'fields.idd.min' = '1', 'fields.id.kind' = 'sequence', 'fields.s.length' = 'x');
INSERT INTO o SELECT id, s FROM a;
CREATE TABLE b (id INT) WITH ('connector' = 'datagen', 'fields.id.min' = '9', 'fields.id.max' = '1');
INSERT INTO o SELECT id, 'x' FROM b;
INSERT INTO a SELECT id, k FROM t;
