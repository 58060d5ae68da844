CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE s (id INT NOT NULL, k STRING NOT NULL) WITH ('connector' = 'print');
INSERT INTO s SELECT CAST(NULL AS INT), k FROM t;
INSERT INTO s (id) SELECT id FROM t;
INSERT INTO s VALUES (1, NULL);
