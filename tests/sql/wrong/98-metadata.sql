CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a (id INT, p STRING METADATA FROM 'file.pth', q STRING METADATA, s INT METADATA FROM 'file.size') WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json');
INSERT INTO o SELECT id, p FROM a;
CREATE TABLE b (id INT, k STRING METADATA VIRTUAL) WITH ('connector' = 'print');
INSERT INTO b SELECT id, k FROM t;
