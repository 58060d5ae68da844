CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = 's3://bucket/x', 'format' = 'json');
INSERT INTO a SELECT id FROM t;
CREATE TABLE b (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'parquet');
INSERT INTO b SELECT id FROM t;
CREATE TABLE c (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json', 'source.monitor-interval' = '5 parsecs', 'sink.rolling-policy.file-size' = '-1 mb');
INSERT INTO c SELECT id FROM t;
INSERT INTO o SELECT id, 'x' FROM c;
