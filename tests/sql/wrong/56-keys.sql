CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE s (id INT, PRIMARY KEY (id)) WITH ('connector' = 'print');
CREATE TABLE u (id INT PRIMARY KEY, k STRING) WITH ('connector' = 'print');
CREATE TABLE w (id INT, PRIMARY KEY (idd) NOT ENFORCED) WITH ('connector' = 'print');
INSERT INTO s SELECT id FROM t;
INSERT INTO u SELECT id, k FROM t;
