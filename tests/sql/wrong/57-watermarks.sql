CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE s (id BIGINT, ts TIMESTAMP(6), t3 TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'datagen');
CREATE TABLE u (t3 TIMESTAMP(3), WATERMARK FOR t3 AS t3 - 5) WITH ('connector' = 'datagen');
CREATE TABLE w (t3 TIMESTAMP(3), WATERMARK FOR tt AS tt - INTERVAL '5' SECONDS) WITH ('connector' = 'datagen');
CREATE TABLE x (t3 TIMESTAMP(3), WATERMARK FOR t3 AS t3 - INTERVAL '5') WITH ('connector' = 'datagen');
